"""Changing what an address may be sent."""

from __future__ import annotations

from services.notify.consent import store
from shared.contracts.events.consent_changed import ConsentChanged
from shared.store.unit_of_work import UnitOfWork


async def change(uow: UnitOfWork, address_id: str, refusals: frozenset[str]) -> None:
    """The owner of an address said what they want no more (empty: everything again); the same again is nothing."""
    # Written first: the row's lock puts two changes of one address in the order of their numbers.
    before = await store.refused(uow, address_id, lock=True)
    await store.put(uow, address_id, refusals)
    if refusals != before:
        uow.publish(
            ConsentChanged(address_id=address_id, refused=tuple(sorted(refusals)), changed_at=uow.now),
            about=[address_id],
        )
