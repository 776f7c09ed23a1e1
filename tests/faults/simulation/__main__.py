"""`python -m tests.faults.simulation --seeds 10000 [--from N]`, or `--seed N --trace` to see one again."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.faults.simulation.running import be_quiet, run_seed

_COMMAND = "python -m tests.faults.simulation"
_AT_ONCE = 10

Failed = tuple[int, list[str]]


def main() -> int:
    """Exit code 1 where a seed failed."""
    _same_hashes()
    asked = _arguments()
    be_quiet()
    if asked.seed is not None:
        _, wrong = run_one(asked.seed, trace=asked.trace)
        print(f"seed {asked.seed}: {'all holds' if not wrong else ''}")
        for each in wrong:
            print(f"  {each}")
        return 1 if wrong else 0
    began, failed = time.monotonic(), 0
    seeds = range(asked.first, asked.first + asked.seeds)
    columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("seeds", total=len(seeds))
        for seed, wrong in _run(seeds, asked.jobs):
            progress.advance(bar)
            if wrong:
                failed += 1
                progress.console.print(f"seed {seed} failed; again: {_COMMAND} --seed {seed} --trace", markup=False)
                for each in wrong[:5]:
                    progress.console.print(f"  {each}", markup=False)
                if asked.until_first:
                    break
    took = time.monotonic() - began
    print(f"{len(seeds)} seeds from {asked.first} in {took:.1f} s ({len(seeds) / took:.0f}/s), {failed} failed")
    return 1 if failed else 0


def run_one(seed: int, *, trace: bool = False) -> Failed:
    """A seed and what does not hold after it. An exception of the simulation's own fails the seed too."""
    try:
        return seed, run_seed(seed, trace=trace)
    except Exception:  # noqa: BLE001 - told with its seed, so that it can be looked into
        return seed, [traceback.format_exc()]


def _run(seeds: range, jobs: int) -> Iterator[Failed]:
    if jobs == 1:
        yield from map(run_one, seeds)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(run_one, seeds, chunksize=_AT_ONCE)


def _same_hashes() -> None:
    """Sets of texts come in an order that Python draws anew for each process; a seed must mean the same in all."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.faults.simulation", *sys.argv[1:]])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--trace", action="store_true", help="with --seed: print what happens")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes beside each other")
    parser.add_argument("--until-first", action="store_true", help="end at the first seed that fails")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
