"""What happens to tickets, visits and messages, and to whom callbacks fall due: events and timers → the course."""

from __future__ import annotations

from services.callbacks.callbacks import course, planning
from services.callbacks.rules.catalogue import RULES
from services.callbacks.rules.model import Rule
from services.callbacks.settings import settings
from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.events.callback_attempted import CallbackAttempted
from shared.contracts.events.callback_due import CallbackDue
from shared.contracts.events.callback_given_up import CallbackGivenUp
from shared.contracts.events.callback_planned import CallbackPlanned
from shared.contracts.events.complaint_closed import ComplaintClosed
from shared.contracts.events.complaint_reopened import ComplaintReopened
from shared.contracts.events.message_failed import MessageFailed
from shared.contracts.events.message_sent import MessageSent
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.messaging.reactions import Reaction, Timer, TimerHandler, party
from shared.store.unit_of_work import UnitOfWork

SUBJECT = "callback"
"""The subject kind by which notify names our questions in its events."""


def plan_by(rule: Rule) -> Reaction:
    """The reaction to a rule's trigger: one callback per occasion of the subject (CB-01, CB-04, CP-15)."""

    async def on_trigger(uow: UnitOfWork, event: Event, _envelope: Envelope) -> None:
        told = event.model_dump()
        if rule.wanted is not None and not told[rule.wanted]:
            return
        await planning.plan(
            uow,
            rule,
            subject_id=told[rule.subject],
            subject_number=told[rule.number] if rule.number else None,
            occasion=told[rule.occasion],
            party_id=told["party_id"],
            address_id=told["address_id"],
            major=bool(rule.major and told[rule.major]),
            anchor=told[rule.anchor],
            delay=settings().delay(rule.delay),
            handler_id=told[rule.handler],
            responsible_department_id=told[rule.department],
            accused_ids=told[rule.accused] if rule.accused else (),
        )

    return Reaction(
        rule.trigger,
        on_trigger,
        publishes=frozenset({CallbackPlanned}),
        needs=lambda event: party(event.party_id),
        stale_after=rule.stale_after,
        bound="one callback per occasion, and only a person brings a subject to its next one",
    )


async def on_complaint_reopened(uow: UnitOfWork, event: ComplaintReopened, _envelope: Envelope) -> None:
    """The resolution that would have been asked about no longer stands."""
    await planning.drop_open(uow, "ticket", event.ticket_id, "supersede", "reopened", up_to=event.resolution_no)


async def on_complaint_closed(uow: UnitOfWork, event: ComplaintClosed, _envelope: Envelope) -> None:
    """Nothing is asked about a closed ticket; most often the callback is what closed it, and nothing is open."""
    await planning.drop_open(uow, "ticket", event.ticket_id, "cancel", "closed", up_to=event.resolution_no)


async def on_visit_cancelled(uow: UnitOfWork, event: VisitCancelled, _envelope: Envelope) -> None:
    """Nobody is asked about a visit that did not take place."""
    await planning.drop_open(uow, "visit", event.visit_id, "cancel", "visit-cancelled")


async def on_message_sent(uow: UnitOfWork, event: MessageSent, _envelope: Envelope) -> None:
    """A question of ours has gone out."""
    if event.subject_kind == SUBJECT and event.recipient_kind == "party":
        await course.note_sent(
            uow, event.subject_id, due_event=event.cause_id, message_id=event.message_id, at=event.sent_at
        )


async def on_message_failed(uow: UnitOfWork, event: MessageFailed, _envelope: Envelope) -> None:
    """A question of ours will not arrive."""
    if event.subject_kind == SUBJECT and event.recipient_kind == "party":
        await course.note_failed(
            uow,
            event.subject_id,
            due_event=event.cause_id,
            message_id=event.message_id,
            at=event.failed_at,
            attempts=settings().attempts,
            retry_delay=settings().retry_delay,
        )


async def on_callback_due(uow: UnitOfWork, timer: Timer) -> None:
    """The time of an attempt has come."""
    await course.fall_due(uow, timer.subject_id, attempt=timer.data["attempt"], window=settings().survey_window)


async def on_survey_window(uow: UnitOfWork, timer: Timer) -> None:
    """No answer came in time."""
    await course.expire(uow, timer.subject_id, attempt=timer.data["attempt"])


REACTIONS = (
    *(plan_by(rule) for rule in RULES.values()),
    Reaction(ComplaintReopened, on_complaint_reopened),
    Reaction(ComplaintClosed, on_complaint_closed),
    Reaction(VisitCancelled, on_visit_cancelled),
    Reaction(MessageSent, on_message_sent, publishes=frozenset({CallbackAttempted})),
    Reaction(
        MessageFailed,
        on_message_failed,
        publishes=frozenset({CallbackAttempted, CallbackGivenUp}),
        bound="attempts are counted; the next one waits for its timer",
    ),
)

TIMERS = (
    TimerHandler("callback-due", on_callback_due, publishes=frozenset({CallbackDue, CallbackGivenUp})),
    TimerHandler("survey-window", on_survey_window, publishes=frozenset({CallbackGivenUp})),
)
