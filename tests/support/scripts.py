"""Runs a piece of Python in a process of its own, for what is set up once per process: tracing, signals, forks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]


def run_script(code: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What the script printed and how it ended. Its environment has none of ours but `env`."""
    return subprocess.run(
        [sys.executable, "-c", dedent(code)],
        env=environment(env or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process: the system's without FRONTDESK_…, then `env`."""
    # Without cached byte code each process compiles every library anew: three times the start-up.
    left_out = ("FRONTDESK_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "PYTHONPATH": str(ROOT), **env}
