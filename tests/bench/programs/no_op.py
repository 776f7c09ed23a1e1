"""callbacks with a reaction that does nothing but count, for B6."""

from __future__ import annotations

import os

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.messaging.reactions import Copy, Reaction
from shared.runtime.main import main
from shared.runtime.service import Service
from shared.runtime.settings import CommonSettings
from shared.store.unit_of_work import UnitOfWork
from tests.bench.programs.counting import Counting

counting = Counting()


async def react(_uow: UnitOfWork, _event: Event, _envelope: Envelope) -> None:
    """Nothing."""
    counting.one_more()


service = Service(
    name="callbacks",
    settings=CommonSettings,
    database_url=lambda: os.environ["BENCH_DATABASE"],
    reactions=[Reaction(event, react) for event in (ComplaintOpened, ComplaintProgressed)],
    copies=[Copy(PartyChanged), Copy(StaffChanged)],
)

if __name__ == "__main__":
    main(service)
