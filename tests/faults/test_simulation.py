"""The core under a seeded scheduler: 500 seeds of crashes, pauses and repeats, nothing lost or doubled.

The seeds run in processes of their own, where a seed means the same every time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_RUNS = 4
_SEEDS = 500


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.faults.simulation", *arguments]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("part", range(_RUNS))
def test_nothing_is_lost_doubled_or_inverted_whatever_the_scheduler_does(part: int) -> None:
    each = _SEEDS // _RUNS
    done = simulate("--seeds", str(each), "--from", str(part * each), "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{each} seeds from {part * each}" in done.stdout


def test_a_seed_replays_to_the_same_trace() -> None:
    first, second = (simulate("--seed", "781", "--trace") for _ in range(2))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "fault:" in first.stdout
    assert first.stdout == second.stdout
