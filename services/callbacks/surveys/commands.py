"""What a party answered, by message or to a person: recorded, read, and acted on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.callbacks.callbacks import ending
from services.callbacks.callbacks import store as callbacks
from services.callbacks.callbacks.commands import check_may_perform
from services.callbacks.callbacks.contact import party as find_party
from services.callbacks.callbacks.contact import party_here
from services.callbacks.callbacks.model import MACHINE, Callback, Outcome, answer_facts
from services.callbacks.surveys import store
from services.callbacks.surveys.complaint import publish_complaint
from services.callbacks.surveys.model import understand
from shared.kernel.errors import NotFound, Refused
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Reply:
    """An inbound message that answers a question of ours."""

    inbound_id: UUID
    party_id: UUID
    address_id: str
    channel: store.AnswerChannel
    text: str
    late: bool
    received_at: datetime


async def receive(uow: UnitOfWork, callback_id: UUID, reply: Reply, *, reopen_window: timedelta) -> Callback:
    """Reads a reply. A plain one completes the callback, another one asks for a person (CB-16).

    An answer that comes after the callback has ended counts inside `reopen_window`; later, or where a plain answer
    stands that it does not worsen, it is only recorded. An inbound message told twice is one answer.
    Raises NotFound for an unknown callback, Superseded for an erased party: its words are not kept.
    """
    callback = await callbacks.locked(uow, callback_id)
    if await store.is_known(uow, reply.inbound_id):
        return callback
    party = await party_here(uow, reply.party_id)
    understood = understand(reply.text)
    outcome = understood.outcome
    facts = answer_facts(callback, outcome, reply.received_at, reopen_window)
    counted = _counts(callback, "unclear" if outcome is None else "answer", facts)
    store.add(
        uow,
        callback_id=callback.id,
        party_id=reply.party_id,
        inbound_id=reply.inbound_id,
        channel=reply.channel,
        words=reply.text,
        reading=understood.reading,
        counted=counted,
        late=reply.late or callback.ended_at is not None,
        by=None,
        received_at=reply.received_at,
    )
    if not counted:
        return callback
    if outcome is None:
        return await _hand_to_person(uow, callback, facts, contact_wanted=understood.contact_wanted)
    answered = await ending.complete(
        uow, callback, "answer", outcome, contact_wanted=understood.contact_wanted, facts=facts
    )
    if outcome == "dissatisfied":
        publish_complaint(uow, answered, party, reply.text, address_id=reply.address_id, channel=reply.channel)
    return answered


async def complete(
    uow: UnitOfWork,
    callback_id: UUID,
    *,
    outcome: Outcome,
    words: str | None,
    contact_wanted: bool,
    by: UUID,
    marketing_departments: frozenset[str],
) -> Callback:
    """A member of staff has spoken with the party and records the answer (CB-16, CB-20).

    Raises NotFound; Refused: `callback-state`; `callback-excluded` (403) for whom the rule excludes;
    `words-missing` (422) for somebody dissatisfied whose reason was not asked.
    """
    callback = await callbacks.locked(uow, callback_id)
    await check_may_perform(uow, callback, by, marketing_departments)
    MACHINE.step(callback.state, "complete")
    if outcome == "dissatisfied" and not words:
        raise Refused("words-missing", status=422, field="words", expected="what was bad, in the party's words")
    party = await find_party(uow, callback.party_id)
    if party is None:
        raise NotFound("party")
    if words:
        store.add(
            uow,
            callback_id=callback.id,
            party_id=callback.party_id,
            inbound_id=None,
            channel="person",
            words=words,
            reading=outcome,
            counted=True,
            late=False,
            by=by,
            received_at=uow.now,
        )
    done = await ending.complete(uow, callback, "complete", outcome, contact_wanted=contact_wanted)
    uow.audit(by, "callback-completed", "callback", callback.id, outcome=outcome)
    if outcome == "dissatisfied" and words:
        publish_complaint(uow, done, party, words, address_id=callback.address_id, channel="person")
    return done


async def _hand_to_person(
    uow: UnitOfWork, callback: Callback, facts: frozenset[str], *, contact_wanted: bool
) -> Callback:
    step = MACHINE.step(callback.state, "unclear", facts)
    # From here on a person asks: the window does not give it up, and no second message goes out.
    ending.cancel_timers(uow, callback)
    return await callbacks.save(
        uow,
        callback,
        state=step.target,
        mode="phone",
        needs_person=True,
        contact_wanted=contact_wanted or callback.contact_wanted,
        end_reason=None,
        ended_at=None,
    )


def _counts(callback: Callback, command: str, facts: frozenset[str]) -> bool:
    try:
        MACHINE.step(callback.state, command, facts)
    except Refused:
        return False
    return True
