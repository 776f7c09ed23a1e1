"""What a process tells in its file."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.runtime.health import Health
from shared.runtime.state import ProcessState, StateFile, beat, read_state


def state(*, ready: bool = True) -> ProcessState:
    return ProcessState(
        service="intake",
        roles=("api",),
        pid=os.getpid(),
        started=datetime(2026, 11, 22, tzinfo=UTC),
        ready=ready,
        alive=True,
        reasons={} if ready else {"api": "starting"},
    )


def test_a_state_is_read_as_it_was_told(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "run", "intake-api")

    file.tell(state())

    found = read_state(file.path)
    assert found is not None
    assert found[0] == state()
    assert list(file.path.parent.iterdir()) == [file.path]


def test_telling_the_same_again_only_makes_the_file_young(tmp_path: Path) -> None:
    file = StateFile(tmp_path, "intake-api")
    file.tell(state())
    inode = file.path.stat().st_ino
    os.utime(file.path, (0, 0))

    file.tell(state())

    found = read_state(file.path)
    assert found is not None
    assert found[1] < 3600
    assert file.path.stat().st_ino == inode


def test_a_change_replaces_the_file_whole(tmp_path: Path) -> None:
    file = StateFile(tmp_path, "intake-api")
    file.tell(state(ready=False))

    file.tell(state())

    found = read_state(file.path)
    assert found is not None
    assert found[0].ready


def test_a_file_that_somebody_removed_comes_back(tmp_path: Path) -> None:
    file = StateFile(tmp_path, "intake-api")
    file.tell(state())
    file.path.unlink()

    file.tell(state())

    assert read_state(file.path) is not None


def test_there_is_no_state_of_a_process_that_never_told_one(tmp_path: Path) -> None:
    assert read_state(tmp_path / "nobody.json") is None


async def test_a_full_disk_does_not_stop_the_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder is a file here: writing fails as it does on a full disk."""
    (tmp_path / "run").write_text("")
    file = StateFile(tmp_path / "run", "intake-api")
    beating = asyncio.create_task(beat("intake", ("api",), [Health("api")], asyncio.Event(), file, None))

    await asyncio.sleep(1.2)

    assert not beating.done()
    beating.cancel()
    assert capsys.readouterr().out.count("state cannot be written") == 1
