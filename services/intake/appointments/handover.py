"""Who receives the guests of an offer, when that person has left or is locked; an absence is looked at slot by slot."""

from __future__ import annotations

from dataclasses import replace

from services.intake.appointments import store
from services.intake.directory.handover import Away, Moved
from services.intake.visits.handover import successor_of
from shared.store.unit_of_work import UnitOfWork


async def move_offers(uow: UnitOfWork, away: Away, limit: int) -> Moved:
    """Gives the offers to who takes over the visits."""
    if away.why == "absent":
        return Moved()
    hosted = await store.offers_hosted(uow, away.person.staff_id, limit)
    successor = await successor_of(uow, away.person, uow.now) if hosted else None
    if successor is None:
        return Moved(stuck=len(hosted))
    for offer in hosted:
        await store.save_offer(uow, replace(offer, host_id=successor.staff_id, version=offer.version + 1))
        host = [str(offer.host_id), str(successor.staff_id)]
        uow.audit(f"/services/{uow.service}", "hand-over", "appointment-offer", offer.code, why=away.why, host=host)
    return Moved(len(hosted), more=len(hosted) == limit)
