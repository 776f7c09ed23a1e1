"""The ends of a callback: each writes the state, takes the timers away and tells the subject's owner."""

from __future__ import annotations

from collections.abc import Iterable

from services.callbacks.callbacks import store
from services.callbacks.callbacks.model import MACHINE, Callback, GivenUpReason, Outcome
from shared.contracts.events.callback_completed import CallbackCompleted
from shared.contracts.events.callback_given_up import CallbackGivenUp
from shared.store.unit_of_work import UnitOfWork

DUE_TIMER = "callback-due"
WINDOW_TIMER = "survey-window"


async def complete(
    uow: UnitOfWork,
    callback: Callback,
    command: str,
    outcome: Outcome,
    *,
    contact_wanted: bool,
    facts: Iterable[str] = (),
) -> Callback:
    """The party has answered. Raises Refused(`callback-state`)."""
    step = MACHINE.step(callback.state, command, facts)
    ended = await store.save(
        uow,
        callback,
        state=step.target,
        outcome=outcome,
        contact_wanted=contact_wanted or callback.contact_wanted,
        needs_person=False,
        end_reason=None,
        ended_at=uow.now,
    )
    cancel_timers(uow, ended)
    uow.publish(
        CallbackCompleted(
            callback_id=ended.id,
            rule=ended.rule,
            subject_kind=ended.subject_kind,
            subject_id=ended.subject_id,
            occasion=ended.occasion,
            party_id=ended.party_id,
            outcome=outcome,
            contact_wanted=ended.contact_wanted,
            completed_at=uow.now,
        ),
        about=[ended.party_id],
    )
    return ended


async def give_up(
    uow: UnitOfWork, callback: Callback, command: str, reason: GivenUpReason, *, facts: Iterable[str] = ()
) -> Callback:
    """The party could not be asked, did not answer, or does not want to. Raises Refused(`callback-state`)."""
    step = MACHINE.step(callback.state, command, facts)
    ended = await store.save(uow, callback, state=step.target, needs_person=False, end_reason=reason, ended_at=uow.now)
    cancel_timers(uow, ended)
    uow.publish(
        CallbackGivenUp(
            callback_id=ended.id,
            rule=ended.rule,
            subject_kind=ended.subject_kind,
            subject_id=ended.subject_id,
            occasion=ended.occasion,
            party_id=ended.party_id,
            reason=reason,
            at=uow.now,
        ),
        about=[ended.party_id],
    )
    return ended


async def drop(uow: UnitOfWork, callback: Callback, command: str, reason: str) -> Callback:
    """The callback has lost its point (`cancel`, `supersede`); its subject's owner knows, so nothing is told."""
    step = MACHINE.step(callback.state, command)
    ended = await store.save(uow, callback, state=step.target, needs_person=False, end_reason=reason, ended_at=uow.now)
    cancel_timers(uow, ended)
    return ended


def cancel_timers(uow: UnitOfWork, callback: Callback) -> None:
    """Takes every pending timer of the callback away."""
    uow.cancel(DUE_TIMER, callback.id)
    uow.cancel(WINDOW_TIMER, callback.id)
