"""What notify forgets of a party that is erased."""

from __future__ import annotations

from uuid import UUID

from services.notify.inbound import store as inbound
from services.notify.messages import commands as messages
from services.notify.threads import commands as threads
from shared.store.unit_of_work import UnitOfWork


async def on_party_gone(uow: UnitOfWork, party_id: str) -> None:
    """A tombstone: what was to be sent is not sent, words and addresses go, questions are closed.

    What an address refused stays: it names nobody, and forgetting it would write to somebody who said no.
    """
    person = UUID(party_id)
    address_ids = await messages.erase_person(uow, person)
    thread_ids = await threads.close_person(uow, person)
    await inbound.erase(uow, address_ids, thread_ids)
