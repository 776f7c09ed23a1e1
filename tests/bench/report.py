"""The table that a run prints."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tests.bench.figures import FIGURES
from tests.bench.results import Result

console = Console(highlight=False, width=max(180, Console().width))
"""Wide enough for the table also where the output goes to a file."""


def show(results: dict[str, Result], out: Console = console) -> None:
    """Prints all figures with what they must keep and what they aim at."""
    table = Table(title="ours : peer : limit, turn by turn (medians; ratio with least – greatest)")
    for name in ("", "figure", "ours", "peer", "limit", "× peer", "× limit", "cpu s/1000", "must", "aim", "ledger"):
        right = name in ("ours", "peer", "limit", "× peer", "× limit", "cpu s/1000")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for figure in FIGURES:
        result = results.get(figure.id)
        if result is None:
            continue
        peer_spread = f" ({result.min:.2f} – {result.max:.2f})" if result.min is not None else ""
        table.add_row(
            figure.id,
            f"{figure.what}\n[dim]peer: {figure.peer}" + (f"\nlimit: {figure.limit}" if figure.limit else ""),
            *(_number(value, result.unit) for value in (result.ours, result.peer, result.limit)),
            _ratio(result.ratio_peer) + (peer_spread if result.ratio_peer is not None else ""),
            _ratio(result.ratio_limit) + (peer_spread if result.ratio_peer is None else ""),
            " : ".join(
                "–" if value is None else f"{value:.2f}"
                for value in (result.cpu_ours, result.cpu_peer, result.cpu_limit)
            ),
            _goals(result.must, figure.must),
            _goals(result.aim, figure.aim),
            "kept" if result.ok_ledger else "[red]broken",
        )
    out.print(table)
    for figure in FIGURES:
        for each in results[figure.id].wrong if figure.id in results else ():
            out.print(f"[red]{figure.id}[/] {each}")


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:,.1f} {unit}"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _goals(kept: bool, goals: tuple[object, ...]) -> str:
    if not goals:
        return "–"
    return ("[green]✓[/] " if kept else "[red]✗[/] ") + ", ".join(map(str, goals))
