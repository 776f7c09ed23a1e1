"""What this service forgets of a party that is erased."""

from __future__ import annotations

from uuid import UUID

from services.callbacks.callbacks import planning
from services.callbacks.surveys import store as answers
from shared.store.unit_of_work import UnitOfWork


async def on_party_gone(uow: UnitOfWork, party_id: str) -> None:
    """A tombstone: open callbacks end, words and address ids go; the callbacks' figures stay."""
    await planning.drop_of_party(uow, UUID(party_id))
    await answers.erase(uow, UUID(party_id))
