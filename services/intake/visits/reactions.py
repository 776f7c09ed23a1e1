"""A callback's end is its visit's end."""

from __future__ import annotations

from services.intake.visits import store
from services.intake.visits.machine import ENDED
from services.intake.visits.receiving import close
from shared.contracts.envelope import Envelope
from shared.contracts.events.callback_completed import CallbackCompleted
from shared.contracts.events.callback_given_up import CallbackGivenUp
from shared.contracts.events.visit_closed import VisitClosed
from shared.kernel.errors import NotFound, Superseded
from shared.messaging.reactions import Reaction, party
from shared.store.unit_of_work import UnitOfWork


async def on_callback_completed(uow: UnitOfWork, event: CallbackCompleted, _envelope: Envelope) -> None:
    """The guest answered (VR-23, VR-26)."""
    if event.subject_kind == "visit":
        await _end(uow, event, event.outcome)


async def on_callback_given_up(uow: UnitOfWork, event: CallbackGivenUp, _envelope: Envelope) -> None:
    """The guest could not be asked, or did not answer."""
    if event.subject_kind == "visit":
        await _end(uow, event, event.reason)


async def _end(uow: UnitOfWork, event: CallbackCompleted | CallbackGivenUp, outcome: str) -> None:
    visit = await store.get(uow, event.subject_id, lock=True)
    if visit is None:
        raise NotFound("visit")
    if visit.state in ENDED:
        raise Superseded("visit-ended")
    if event.occasion < visit.revision:
        raise Superseded("older-revision")
    await close(uow, visit, outcome=outcome)


REACTIONS = (
    Reaction(
        CallbackCompleted,
        on_callback_completed,
        publishes=frozenset({VisitClosed}),
        needs=lambda e: party(e.party_id),
    ),
    Reaction(
        CallbackGivenUp, on_callback_given_up, publishes=frozenset({VisitClosed}), needs=lambda e: party(e.party_id)
    ),
)
