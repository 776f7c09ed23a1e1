"""The table `consent` and its queries."""

from __future__ import annotations

from sqlalchemy import Column, Table, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.notify.tables import instant, notify, words
from shared.store.unit_of_work import UnitOfWork

consent = Table(
    "consent",
    notify,
    words("address_id", primary_key=True),
    Column("refused", JSONB, nullable=False),
    instant("changed_at"),
)


async def refused(uow: UnitOfWork, address_id: str, *, lock: bool = False) -> frozenset[str]:
    """What the owner of an address wants no more; empty where nothing was ever said."""
    query = select(consent.c.refused).where(consent.c.address_id == address_id)
    found = (await uow.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    return frozenset(found or ())


async def put(uow: UnitOfWork, address_id: str, refusals: frozenset[str]) -> None:
    """Writes what an address refuses from now on."""
    statement = insert(consent).values(address_id=address_id, refused=sorted(refusals), changed_at=uow.now)
    changed = {"refused": statement.excluded.refused, "changed_at": statement.excluded.changed_at}
    await uow.execute(statement.on_conflict_do_update(index_elements=["address_id"], set_=changed))
