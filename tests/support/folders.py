"""A run's own temporary folder, and the removal of those whose run was killed."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "frontdesk-tests-"


@contextmanager
def run_folder() -> Iterator[Path]:
    """A folder that is gone afterwards. Held by an flock, so that a later run can tell a dead run's folder."""
    _remove_dead()
    path = Path(tempfile.mkdtemp(prefix=_PREFIX))
    path.chmod(0o711)  # as root, PostgreSQL runs as another user and must get through
    with _mark(path).open("a") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            _mark(path).unlink(missing_ok=True)


def _mark(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _remove_dead() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*.lock"):
        try:
            with path.open("a") as mark:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink(missing_ok=True)
        except (BlockingIOError, PermissionError):  # alive, or another user's
            continue
