"""Events of others about complaints: a report opens a ticket, a callback's answer closes or reopens it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from services.complaints.tickets import ending
from services.complaints.tickets.registering import register
from shared.contracts.envelope import Envelope
from shared.contracts.events.callback_completed import CallbackCompleted
from shared.contracts.events.callback_given_up import CallbackGivenUp
from shared.contracts.events.complaint_closed import ComplaintClosed
from shared.contracts.events.complaint_opened import ComplaintOpened
from shared.contracts.events.complaint_reopened import ComplaintReopened
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.messaging.reactions import Reaction, party
from shared.store.unit_of_work import UnitOfWork

ACTOR = "callbacks"


async def on_complaint_reported(uow: UnitOfWork, event: ComplaintReported, envelope: Envelope) -> None:  # noqa: ARG001
    """A ticket, once for each report (CP-01)."""
    await register(uow, event)


async def on_callback_completed(uow: UnitOfWork, event: CallbackCompleted, envelope: Envelope) -> None:  # noqa: ARG001
    """The party's answer closes the ticket or opens it again (CP-15, CP-18)."""
    if event.subject_kind != "ticket":
        return
    await ending.answer(
        uow,
        event.subject_id,
        resolution_no=event.occasion,
        outcome=event.outcome,
        at=event.completed_at,
        actor=ACTOR,
    )


async def on_callback_given_up(uow: UnitOfWork, event: CallbackGivenUp, envelope: Envelope) -> None:  # noqa: ARG001
    """Nobody to be asked any more: the ticket is closed with that as its reason."""
    if event.subject_kind != "ticket":
        return
    reason: Literal["given-up", "no-contact"] = "no-contact" if event.reason == "no-contact" else "given-up"
    await ending.give_up(uow, event.subject_id, resolution_no=event.occasion, reason=reason, actor=ACTOR)


_BOUND = "a reopened ticket is resolved again by a person only"

# As long as a topic keeps anything: a complaint is never too old to be registered, and how long an answer counts is the
# reopen window's to say, by the instant at which it was given.
_ANY_AGE = timedelta(days=400)

REACTIONS = (
    Reaction(
        ComplaintReported,
        on_complaint_reported,
        publishes=frozenset({ComplaintOpened}),
        needs=lambda event: party(event.party_id),
        stale_after=_ANY_AGE,
    ),
    Reaction(
        CallbackCompleted,
        on_callback_completed,
        publishes=frozenset({ComplaintClosed, ComplaintReopened}),
        bound=_BOUND,
        stale_after=_ANY_AGE,
    ),
    Reaction(
        CallbackGivenUp,
        on_callback_given_up,
        publishes=frozenset({ComplaintClosed}),
        bound=_BOUND,
        stale_after=_ANY_AGE,
    ),
)
