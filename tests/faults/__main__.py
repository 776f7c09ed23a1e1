"""`python -m tests.faults [--long] [--only NAME …] [--seed N] [--rate N]`: the matrix, a table, and latest.json.

Exit code 1 where an invariant or a bound does not hold, 130 where it was interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import signal
import sys
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults import report
from tests.faults.fault import Fault
from tests.faults.matrix.catalogue import FAULTS
from tests.faults.run import Run
from tests.faults.runner import EVENTS_A_REQUEST, Runner
from tests.faults.stage import staged

RATE = 4.0
"""Requests a second that two cores carry in steady state with journeys on their way to the end."""


def main() -> int:
    """Runs what was asked for."""
    asked = _arguments()
    console = Console(stderr=True, soft_wrap=True)
    for client in ("aiokafka", "kafka"):  # that the broker is away is no news here
        logging.getLogger(client).setLevel(logging.CRITICAL)
    chosen = [fault for fault in FAULTS if _is_chosen(fault, asked)]
    if not chosen:
        console.print("no such fault; there are: " + ", ".join(fault.name for fault in FAULTS))
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    seed = asked.seed if asked.seed is not None else secrets.randbelow(2**31)
    console.print(
        f"seed {seed}; {asked.rate:g} requests a second, planned {asked.rate * EVENTS_A_REQUEST:.0f} events a second"
    )
    runs: list[Run] = []
    try:
        _play(chosen, asked, seed, runs, console)
    finally:
        report.write(seed, runs, "long" if asked.long else "short")
        report.show(Console(width=max(130, Console().width)), runs)
        console.print(f"seed {seed}; {report.LATEST}")
    return 0 if all(run.ok for run in runs) else 1


def _play(chosen: list[Fault], asked: argparse.Namespace, seed: int, runs: list[Run], console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("starting a house", total=len(chosen))
        waiting = list(chosen)
        while waiting:
            with staged(waiting[0].brokers) as stage:
                asyncio.run(_in_one_house(stage, waiting, asked, seed, runs, bar, task))


async def _in_one_house(stage, waiting, asked, seed, runs, bar, task) -> None:  # type: ignore[no-untyped-def]
    """Plays until a fault wants a house of its own, or a run has left this one not as it was."""
    fault = waiting[0]

    def tell(what: str) -> None:
        bar.update(task, description=f"{fault.name}: {what}")

    runner = Runner(stage, long=asked.long, rate=asked.rate, tell=tell)
    try:
        while waiting:
            fault = waiting.pop(0)
            run = await runner.run(fault, seed + FAULTS.index(fault))
            runs.append(run)
            report.write(seed, runs, "long" if asked.long else "short")
            bar.advance(task)
            report.show_figures(bar.console, run)
            if run.findings or run.trouble or fault.own_house or asked.long or (waiting and waiting[0].own_house):
                return
            await asyncio.to_thread(stage.house.mend)
    finally:
        runner.close()


def _is_chosen(fault: Fault, asked: argparse.Namespace) -> bool:
    if asked.only:
        return any(fault.name.startswith(name) for name in asked.only)
    return asked.long or not fault.long_only


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Faults under load.")
    parser.add_argument("--long", action="store_true", help="the whole table, up to three hours")
    parser.add_argument("--only", action="append", metavar="NAME", help="only faults whose names begin so; repeatable")
    parser.add_argument("--seed", type=int, help="the seed of a former run")
    parser.add_argument("--rate", type=float, default=RATE, help=f"requests a second (default {RATE:g})")
    return parser.parse_args()


def _leave(signum: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signum)  # an exception, so that everything is stopped and removed


if __name__ == "__main__":
    sys.exit(main())
