"""Processes of the sample service, ended with the test that started them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.kernel import clock
from tests.support.scripts import ROOT, environment

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def sample_env(database_of: Callable[[str], str], tmp_path: Path) -> dict[str, str]:
    """What the sample service needs: a migrated database, a folder for marks, one for states."""
    return {
        "FRONTDESK_SAMPLE_DATABASE_URL": database_of("intake"),
        "FRONTDESK_SAMPLE_MARKS": str(tmp_path),
        "FRONTDESK_RUN_DIR": str(tmp_path / "run"),
        "FRONTDESK_LAPTOP": "true",
    }


@pytest.fixture
def start(sample_env: dict[str, str]) -> Iterator[Start]:
    """`start("api", "worker", FRONTDESK_…=…)`: a process of the sample service with these roles."""
    started: list[subprocess.Popen[str]] = []

    def begin(*roles: str, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.sample_service", *roles],
            env=environment({**sample_env, **env}),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


def until(holds: Callable[[], object], within: float = 60) -> None:
    """Waits until `holds`; the time is there so that a broken test ends, not to judge speed."""
    deadline = clock.monotonic() + within
    while not holds():
        assert clock.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
