"""From outcomes to what is told: a verdict per figure, as JSON beside the table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.figures import FIGURES, Figure, Goal
from tests.bench.pairing import Rounds, spread

FOLDER = Path(__file__).with_name("results")
LATEST = FOLDER / "latest.json"


@dataclass(frozen=True, slots=True)
class Result:
    """One figure. `min` and `max` belong to `ratio_peer`, or to `ratio_limit` where there is no peer.

    `cpu_…` are CPU-seconds of the side's own processes per 1,000 events, servers left out.
    """

    unit: str
    ours: float | None
    peer: float | None
    limit: float | None
    ratio_peer: float | None
    ratio_limit: float | None
    min: float | None
    max: float | None
    ok_ledger: bool
    must: bool
    aim: bool
    cpu_ours: float | None
    cpu_peer: float | None
    cpu_limit: float | None
    pairs: int
    wrong: tuple[str, ...] = ()


def judge(figure: Figure, rounds: Rounds) -> Result:
    """A figure's result. One with a lost or doubled event in any run keeps no bound."""
    measure = figure.measure
    to_peer, to_limit = (spread(rounds.ratios(other, measure)) for other in ("peer", "limit"))  # type: ignore[arg-type]
    shown = to_peer or to_limit
    numbers = {
        "ours": rounds.median_of("ours", measure),
        "ratio_peer": to_peer and to_peer[0],
        "ratio_limit": to_limit and to_limit[0],
    }
    wrong = tuple(rounds.wrong)

    def kept(goals: tuple[Goal, ...]) -> bool:
        return not wrong and all(goal.met(numbers[goal.of]) for goal in goals)

    return Result(
        unit=figure.unit,
        ours=numbers["ours"],
        peer=rounds.median_of("peer", measure),
        limit=rounds.median_of("limit", measure),
        ratio_peer=numbers["ratio_peer"],
        ratio_limit=numbers["ratio_limit"],
        min=shown and shown[1],
        max=shown and shown[2],
        ok_ledger=not wrong,
        must=kept(figure.must),
        aim=kept(figure.must) and kept(figure.aim),
        cpu_ours=rounds.cpu("ours"),
        cpu_peer=rounds.cpu("peer"),
        cpu_limit=rounds.cpu("limit"),
        pairs=len(rounds.outcomes["ours"]),
        wrong=wrong,
    )


def write(results: dict[str, Result], path: Path = LATEST) -> None:
    """Writes all figures, in the table's order."""
    path.parent.mkdir(exist_ok=True)
    ordered = {figure.id: _rounded(results[figure.id]) for figure in FIGURES if figure.id in results}
    path.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def _rounded(result: Result) -> dict[str, object]:
    return {
        name: float(f"{value:.5g}") if isinstance(value, float) else value for name, value in asdict(result).items()
    }
