"""The bench harness works: figures are measured on every side, each ledger is kept, and the results are written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.support.scripts import ROOT, environment


def test_a_short_measurement_keeps_its_ledgers_and_writes_every_side(tmp_path: Path) -> None:
    """Speed is not judged: the machine may be busy."""
    written = tmp_path / "results.json"

    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--smoke", "--only", "B3,B5", "--json", str(written)],
        cwd=ROOT,
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(written.read_text())
    assert set(results) == {"B3", "B5"}
    for figure in results.values():
        assert figure["ok_ledger"]
        assert min(figure[name] for name in ("ours", "peer", "limit", "ratio_peer", "ratio_limit", "cpu_ours")) > 0
