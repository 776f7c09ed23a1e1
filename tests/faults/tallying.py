"""callbacks with one more kind of timer, whose only effect is a row that tells of it: for thousands of them."""

from __future__ import annotations

from dataclasses import replace

from services.callbacks.service import service as good
from shared.messaging.reactions import Timer, TimerHandler
from shared.store.unit_of_work import UnitOfWork

KIND = "tally"


async def tally(uow: UnitOfWork, timer: Timer) -> None:
    """A row for each time that it fires."""
    uow.audit("/services/callbacks", KIND, "timer", timer.subject_id)


service = replace(good, timers=(*good.timers, TimerHandler(KIND, tally)))
