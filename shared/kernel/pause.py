"""Named pauses for tests that kill a process at an exact point. Without `FRONTDESK_TESTING=1` they are refused."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


def check_pauses_allowed() -> None:
    """Refuses to start a process that is asked to pause outside tests. Raises RuntimeError."""
    if os.environ.get("FRONTDESK_PAUSE") and os.environ.get("FRONTDESK_TESTING") != "1":
        raise RuntimeError("FRONTDESK_PAUSE is for tests only; unset it")


async def pause(name: str) -> None:
    """Stands still for ever at the point `name` if `FRONTDESK_PAUSE` asks for it, once `FRONTDESK_PAUSE_FILE` tells."""
    if os.environ.get("FRONTDESK_PAUSE") != name or os.environ.get("FRONTDESK_TESTING") != "1":
        return
    file = Path(os.environ["FRONTDESK_PAUSE_FILE"])
    draft = file.with_suffix(f".{os.getpid()}.new")
    draft.write_text(f"{name} {os.getpid()}")
    draft.replace(file)  # whole at once: who waits for the file reads it as soon as it is there
    await asyncio.Event().wait()
