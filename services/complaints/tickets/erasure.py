"""A party is erased: its words and its address go, the ticket with its number and its story stays."""

from __future__ import annotations

from uuid import UUID

from services.complaints.tickets import store
from shared.store.unit_of_work import UnitOfWork


async def forget(uow: UnitOfWork, party_id: str) -> None:
    """Deletes what the party and staff wrote about its tickets, and where it wanted the answer."""
    await store.erase_party(uow, UUID(party_id))
