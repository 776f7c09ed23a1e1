"""Turn by turn: ours, peer, limit, ours, peer, limit … A machine that is slow for a while is slow for all of them.

Only the ratios within a round are compared; what is told of them is their median with the least and the greatest.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from tests.bench.environment import Environment
from tests.bench.scale import Scale

Name = Literal["ours", "peer", "limit"]
NAMES: tuple[Name, ...] = ("ours", "peer", "limit")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of one side: values by name, CPU-seconds of its processes per 1,000 events, what its ledger lacks."""

    values: Mapping[str, float]
    cpu: float | None = None
    wrong: tuple[str, ...] = ()
    points: tuple[Mapping[str, float], ...] = ()
    """What a plot is drawn from: offered, rate, p50, p99."""


Run = Callable[[], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Sides:
    """Who runs in a contest. `once` names sides that run in the first round only, because they take so long."""

    ours: Run
    peer: Run | None = None
    limit: Run | None = None
    once: frozenset[Name] = frozenset()

    def of(self, name: Name) -> Run | None:
        """The side of that name."""
        return {"ours": self.ours, "peer": self.peer, "limit": self.limit}[name]


Contest = Callable[[Environment, Scale], AbstractAsyncContextManager[Sides]]


@dataclass(slots=True)
class Rounds:
    """What was measured, by side, a list with an entry per round."""

    outcomes: dict[Name, list[Outcome]] = field(default_factory=lambda: {name: [] for name in NAMES})

    def values(self, name: Name, measure: str) -> list[float]:
        """One side's values."""
        return [outcome.values[measure] for outcome in self.outcomes[name] if measure in outcome.values]

    def median_of(self, name: Name, measure: str) -> float | None:
        """One side's median; None where it was not measured."""
        found = self.values(name, measure)
        return median(found) if found else None

    def ratios(self, other: Name, measure: str) -> list[float]:
        """Ours to another side's, round by round. A side that ran once stands against every round."""
        theirs = self.values(other, measure)
        ours = self.values("ours", measure)
        if len(theirs) == 1:
            theirs = theirs * len(ours)
        return [mine / other_value for mine, other_value in zip(ours, theirs, strict=False) if other_value > 0]

    def cpu(self, name: Name) -> float | None:
        """The median of one side's CPU-seconds per 1,000 events."""
        found = [outcome.cpu for outcome in self.outcomes[name] if outcome.cpu is not None]
        return median(found) if found else None

    @property
    def wrong(self) -> list[str]:
        """What the ledgers of all runs lack."""
        return [f"{name}: {each}" for name in NAMES for outcome in self.outcomes[name] for each in outcome.wrong]


async def run_rounds(sides: Sides, pairs: int, tell: Callable[[str], None]) -> Rounds:
    """Lets the sides run in turn, `pairs` times."""
    rounds = Rounds()
    for number in range(1, pairs + 1):
        for name in NAMES:
            run = sides.of(name)
            if run is None or (name in sides.once and number > 1):
                continue
            outcome = await run()
            rounds.outcomes[name].append(outcome)
            tell(f"  {number}/{pairs} {name:5} {_told(outcome)}")
    return rounds


def spread(ratios: Sequence[float]) -> tuple[float, float, float] | None:
    """Median, least and greatest."""
    return (median(ratios), min(ratios), max(ratios)) if ratios else None


def _told(outcome: Outcome) -> str:
    values = "  ".join(f"{name} {value:,.2f}" for name, value in outcome.values.items())
    cpu = f"  cpu/1000 {outcome.cpu:.3f} s" if outcome.cpu is not None else ""
    return f"{values}{cpu}" + "".join(f"\n    WRONG: {each}" for each in outcome.wrong)
