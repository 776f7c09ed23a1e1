"""The table that people read, and the JSON beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from tests.faults.run import Run

RESULTS = Path(__file__).parent / "results"
LATEST = RESULTS / "latest.json"

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}")
_COLUMNS = ("fault", "inj.", "events", "/s", "lost", "doubled", "inverted", "sent twice", "recovery s", "rate", "ok")


def show(console: Console, runs: Sequence[Run]) -> None:
    """One line for each run, then what is not as it must be."""
    table = Table(title="Faults under load")
    for column in _COLUMNS:
        table.add_column(column, justify="left" if column == "fault" else "right")
    for run in runs:
        told = run.as_json()
        table.add_row(
            told["fault"],
            str(told["injections"]),
            str(told["events"]),
            f"{told['events_a_second']:.0f}",
            *(_marked(told[name]) for name in ("lost", "doubled", "inverted")),
            str(told["sent_twice"]),
            "–" if told["recovery_seconds"] is None else f"{told['recovery_seconds']:.1f}",
            "–" if told["rate_ratio"] is None else f"{told['rate_ratio']:.2f}",
            "[green]ok[/]" if run.ok else "[red]NOT OK[/]",
        )
    console.print(table)
    for run in runs:
        show_figures(console, run)


def show_figures(console: Console, run: Run) -> None:
    """The figures of a run that have a bound, and what was found."""
    told = run.as_json()
    console.print(
        f"[bold]{run.fault.name}[/]: {told['requests']} requests in {told['seconds']} s, at rest after "
        f"{told['rest_seconds']} s, {told['sent_again']} records sent again, "
        f"p99 of an effect before: {told['usual_seconds']} s" + _ended_by_themselves(told["crashes"])
    )
    for measure in run.measures:
        sign = "≤" if measure.at_most else "≥"
        value = "none" if measure.value is None else f"{measure.value:g}"
        verdict = "[green]ok[/]" if measure.ok else "[red]NOT OK[/]"
        console.print(
            f"  {measure.name}: {value} {sign} {measure.bound:g} " + (verdict if measure.judged else "(told)")
        )
    for line, times in _grouped(run).most_common(12):
        console.print(f"  [red]{times} × {line}[/]", highlight=False)
    if run.trouble is not None:
        console.print(f"  [red]{run.trouble}[/]", highlight=False)


def write(seed: int, runs: Sequence[Run], form: str, path: Path = LATEST) -> None:
    """`latest.json`, whole after every run, so that an interrupted matrix keeps what it has."""
    path.parent.mkdir(exist_ok=True)
    body: dict[str, Any] = {"seed": seed, "form": form, "runs": [run.as_json() for run in runs]}
    path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))


def _ended_by_themselves(names: Sequence[str]) -> str:
    told = ", ".join(f"{name} {times} ×" for name, times in Counter(names).items())
    return f", ended by themselves: {told}" if told else ""


def _grouped(run: Run) -> Counter[str]:
    """Findings that differ in ids only are one line."""
    return Counter(_ID.sub("…", f"{found.invariant} {found.kind}: {found.what}") for found in run.findings)


def _marked(count: int) -> str:
    return f"[red]{count}[/]" if count else "0"
