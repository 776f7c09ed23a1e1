"""A party's tombstone: its name, addresses and words go; its id, cases and visits keep their story."""

from __future__ import annotations

from uuid import UUID

from services.intake.channels import store as channels
from services.intake.drafts import store as drafts
from services.intake.parties import store
from services.intake.visits import erasure as visits
from shared.store.unit_of_work import UnitOfWork


async def forget(uow: UnitOfWork, party_id: str) -> None:
    """Erases the party here; nothing that comes later revives it."""
    await drafts.erase(uow, await store.erase(uow, UUID(party_id)))
    await channels.erase_words(uow, UUID(party_id))
    await visits.forget(uow, UUID(party_id))
    uow.audit("intake", "erased", "party", party_id)
