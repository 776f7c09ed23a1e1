"""A callback's course by time and by what becomes of its messages: due, asked, failed, tried again, given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from services.callbacks.callbacks import ending, store
from services.callbacks.callbacks.contact import has_phone, party, preferred, survey_addresses
from services.callbacks.callbacks.hours import DEFAULT_ZONE, next_half_day, zone_of
from services.callbacks.callbacks.model import LAST_ATTEMPT, MACHINE, Callback, attempt_facts
from services.callbacks.rules.model import Mode
from shared.contracts.events.callback_attempted import CallbackAttempted
from shared.contracts.events.callback_due import CallbackDue
from shared.contracts.events.party_changed import PartyChanged
from shared.kernel.categories import next_call_allowed
from shared.store.unit_of_work import UnitOfWork


async def fall_due(uow: UnitOfWork, callback_id: UUID, *, attempt: int, window: timedelta) -> None:
    """The time of attempt number `attempt` has come. Everything is checked again: what is no longer so, ends it.

    `window` is how long an answer is waited for.
    """
    callback = await store.find_locked(uow, callback_id)
    if callback is None or "fall-due" not in MACHINE.allowed(callback.state) or callback.attempt + 1 != attempt:
        return
    asked = await party(uow, callback.party_id)
    if asked is None:
        await ending.drop(uow, callback, "cancel", "party-erased")
        return
    mode = _mode_now(callback, asked)
    if mode == "message":
        await _ask_by_message(uow, callback, asked, window)
    elif (may_call := next_call_allowed(uow.now, zone_of(asked.zone))) > uow.now:
        later = await store.save(uow, callback, due=may_call)
        uow.schedule(ending.DUE_TIMER, later.id, later.due, attempt=attempt)
    else:
        await _begin(uow, callback, mode, callback.address_id, window)


async def note_sent(uow: UnitOfWork, callback_id: UUID, *, due_event: str, message_id: UUID, at: datetime) -> None:
    """The question that the callback-due `due_event` asked for has gone out at the instant `at`."""
    callback = await store.find_locked(uow, callback_id)
    attempt = await store.attempt_by_event(uow, callback_id, due_event)
    if callback is None or attempt is None or attempt["result"] is not None:
        return
    await store.end_attempt(uow, callback.id, attempt["number"], result="asked", message_id=message_id, at=at)
    # The answer may have come before this news, or the subject may have ended: then only the attempt is recorded.
    if attempt["number"] == callback.attempt and "ask" in MACHINE.allowed(callback.state):
        step = MACHINE.step(callback.state, "ask")
        publish_attempt(uow, await store.save(uow, callback, state=step.target), "asked", at)


async def note_failed(
    uow: UnitOfWork,
    callback_id: UUID,
    *,
    due_event: str,
    message_id: UUID,
    at: datetime,
    attempts: int,
    retry_delay: timedelta | None,
) -> None:
    """The question will not arrive: another attempt follows, after `attempts` of them none (no contact possible)."""
    callback = await store.find_locked(uow, callback_id)
    attempt = await store.attempt_by_event(uow, callback_id, due_event)
    if callback is None or attempt is None or attempt["result"] == "failed":
        return
    if attempt["message_id"] not in (None, message_id):
        return
    await store.end_attempt(uow, callback.id, attempt["number"], result="failed", message_id=message_id, at=at)
    is_current = attempt["number"] == callback.attempt and "fail" in MACHINE.allowed(callback.state)
    # Who has answered was reached, whatever the provider says.
    if is_current and not callback.needs_person:
        await miss(uow, callback, "fail", at, attempts=attempts, retry_delay=retry_delay)


async def miss(
    uow: UnitOfWork,
    callback: Callback,
    command: str,
    at: datetime,
    *,
    attempts: int,
    retry_delay: timedelta | None,
) -> Callback:
    """An attempt came to nothing (`fail`: the message; `miss`: the call). Raises Refused(`callback-state`)."""
    facts = attempt_facts(callback, attempts)
    step = MACHINE.step(callback.state, command, facts)
    publish_attempt(uow, callback, "failed" if command == "fail" else "unreached", at)
    if LAST_ATTEMPT in facts:
        return await ending.give_up(uow, callback, command, "no-contact", facts=facts)
    asked = await party(uow, callback.party_id)
    zone = DEFAULT_ZONE if asked is None else zone_of(asked.zone)
    due = next_half_day(uow.now, zone) if retry_delay is None else uow.now + retry_delay
    waiting = await store.save(uow, callback, state=step.target, due=due, answer_until=None)
    uow.cancel(ending.WINDOW_TIMER, waiting.id)
    uow.schedule(ending.DUE_TIMER, waiting.id, due, attempt=waiting.attempt + 1)
    return waiting


async def expire(uow: UnitOfWork, callback_id: UUID, *, attempt: int) -> None:
    """The window for an answer to attempt number `attempt` is over."""
    callback = await store.find_locked(uow, callback_id)
    if callback is None or callback.attempt != attempt or callback.needs_person:
        return
    if "expire" in MACHINE.allowed(callback.state):
        was_asked = await store.was_asked(uow, callback.id)
        await ending.give_up(uow, callback, "expire", "no-answer" if was_asked else "no-contact")


def publish_attempt(uow: UnitOfWork, callback: Callback, result: str, at: datetime) -> None:
    """Tells what came of the running attempt: `asked`, `unreached` or `failed`."""
    uow.publish(
        CallbackAttempted.model_validate(
            {
                "callback_id": callback.id,
                "subject_kind": callback.subject_kind,
                "subject_id": callback.subject_id,
                "attempt": callback.attempt,
                "result": result,
                "at": at,
            }
        ),
        about=[callback.party_id],
    )


def _mode_now(callback: Callback, asked: PartyChanged) -> Mode:
    # Who has no phone is asked in writing; once an answer was unclear a person must see to it, by whatever way.
    without_phone = callback.mode == "phone" and not has_phone(asked) and not callback.needs_person
    return "message" if without_phone else callback.mode


async def _ask_by_message(uow: UnitOfWork, callback: Callback, asked: PartyChanged, window: timedelta) -> None:
    addresses = await survey_addresses(uow, asked)
    if not asked.addresses:
        await ending.give_up(uow, callback, "no-contact", "no-contact")
    elif not addresses:
        await ending.give_up(uow, callback, "opted-out", "refused")
    else:
        address_id = preferred(addresses, callback.address_id).address_id
        due = await _begin(uow, callback, "message", address_id, window)
        uow.schedule(ending.WINDOW_TIMER, due.id, uow.now + window, attempt=due.attempt)


async def _begin(
    uow: UnitOfWork, callback: Callback, mode: Mode, address_id: str | None, window: timedelta
) -> Callback:
    step = MACHINE.step(callback.state, "fall-due")
    due = await store.save(
        uow,
        callback,
        state=step.target,
        mode=mode,
        attempt=callback.attempt + 1,
        answer_until=uow.now + window,
    )
    event_id = uow.publish(
        CallbackDue(
            callback_id=due.id,
            rule=due.rule,
            subject_kind=due.subject_kind,
            subject_id=due.subject_id,
            subject_number=due.subject_number,
            occasion=due.occasion,
            attempt=due.attempt,
            party_id=due.party_id,
            address_id=address_id,
            mode=due.mode,
            due=due.due,
            answer_until=uow.now + window,
        ),
        about=[due.party_id] if address_id is None else [due.party_id, address_id],
    )
    store.add_attempt(uow, due, event_id)
    return due
