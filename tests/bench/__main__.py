"""`python -m tests.bench [--only B3,B5] [--pairs N] [--short]`: measures, prints a table, writes JSON."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import sys
from dataclasses import replace
from pathlib import Path

from tests.bench import plot, record, report, results
from tests.bench.environment import Environment, bench_environment
from tests.bench.figures import FIGURES, contests
from tests.bench.pairing import run_rounds
from tests.bench.scale import SCALES, Scale


def main() -> int:
    """0 where every ledger was kept; what figures must reach is shown, and no reason to fail: machines differ."""
    arguments = _arguments()
    scale = SCALES["smoke" if arguments.smoke else "short" if arguments.short else "full"]
    if arguments.pairs is not None:
        scale = replace(scale, pairs=arguments.pairs)
    only = frozenset(name for given in arguments.only for name in given.split(","))
    unknown = only - {figure.id for figure in FIGURES}
    if unknown:
        sys.exit(f"There is no figure {', '.join(sorted(unknown))}; there are {', '.join(f.id for f in FIGURES)}")
    before = os.getloadavg()[0]
    with bench_environment() as environment:
        measured = asyncio.run(_measure(environment, scale, only, arguments.json))
    report.show(measured)
    if arguments.record:
        if (drawn := _plot_beside(arguments.json)).exists():
            record.PLOT.write_bytes(drawn.read_bytes())
        record.write(measured, scale.name, scale.pairs, (before, os.getloadavg()[0]))
    report.console.print(f"Written to {arguments.json}")
    return 0 if all(result.ok_ledger for result in measured.values()) else 1


async def _measure(
    environment: Environment, scale: Scale, only: frozenset[str], path: Path
) -> dict[str, results.Result]:
    measured: dict[str, results.Result] = {}
    for name, figures in contests(only).items():
        report.console.print(f"[bold]{figures[0].id}[/] {figures[0].what}")
        module = importlib.import_module(f"tests.bench.{name}")
        async with module.contest(environment, scale) as sides:
            rounds = await run_rounds(sides, scale.pairs, lambda line: report.console.print(line, markup=False))
        environment.clear()
        measured |= {figure.id: results.judge(figure, rounds) for figure in figures}
        results.write(measured, path)  # after each, so that an interrupted run has told something
        if any(outcome.points for outcome in rounds.outcomes["ours"]):
            plot.draw(rounds, _plot_beside(path))
    return measured


def _plot_beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}-b7.svg")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="B3", help="these figures; may be given again")
    parser.add_argument("--pairs", type=int, metavar="N", help="rounds per figure (default: 5)")
    parser.add_argument("--short", action="store_true", help="small backlogs, one round: shows that the harness works")
    parser.add_argument("--smoke", action="store_true", help="smaller still: what the tests run")
    parser.add_argument("--json", type=Path, default=results.LATEST, help="where the results are written")
    parser.add_argument("--record", action="store_true", help="write RESULTS.md with machine and versions, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
