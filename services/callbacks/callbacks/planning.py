"""A rule's trigger becomes a planned callback; a turn of its subject makes it pointless again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from services.callbacks.callbacks import ending, store
from services.callbacks.callbacks.contact import party_here
from services.callbacks.callbacks.hours import zone_of
from services.callbacks.callbacks.model import Callback, callback_id
from services.callbacks.rules.model import Rule, SubjectKind
from shared.contracts.events.callback_planned import CallbackPlanned
from shared.kernel.categories import next_call_allowed
from shared.kernel.errors import Superseded
from shared.store.unit_of_work import UnitOfWork


async def plan(
    uow: UnitOfWork,
    rule: Rule,
    *,
    subject_id: UUID,
    subject_number: str | None,
    occasion: int,
    party_id: UUID,
    address_id: str | None,
    major: bool,
    anchor: datetime,
    delay: timedelta,
    handler_id: UUID | None,
    responsible_department_id: UUID | None,
    accused_ids: tuple[UUID, ...],
) -> Callback:
    """Plans the one callback by `rule` about this occasion of the subject, or gives back the one that there is.

    `delay` counts from `anchor` and never reaches beyond the rule's deadline. A callback about an earlier occasion that
    is still open is superseded.
    Raises Superseded for an occasion older than the newest known, or a party that is erased.
    """
    known = await store.of_subject(uow, rule.kind, rule.subject_kind, subject_id)
    if known and known[0].occasion == occasion:
        return known[0]
    if known and known[0].occasion > occasion:
        raise Superseded("older-occasion")
    party = await party_here(uow, party_id)
    for earlier in known:
        if earlier.is_open:
            await ending.drop(uow, earlier, "supersede", "newer-occasion")
    mode = rule.mode_for(major=major)
    zone = zone_of(party.zone)
    latest = rule.deadline(anchor, zone)
    due = min(anchor + delay, latest)
    planned = Callback(
        id=callback_id(rule.kind, subject_id, occasion),
        rule=rule.kind,
        subject_kind=rule.subject_kind,
        subject_id=subject_id,
        subject_number=subject_number,
        occasion=occasion,
        party_id=party_id,
        address_id=address_id,
        mode=mode,
        state="planned",
        attempt=0,
        due=due if mode == "message" else next_call_allowed(due, zone),
        latest=latest,
        priority=rule.priority,
        planned_at=uow.now,
        handler_id=handler_id,
        responsible_department_id=responsible_department_id,
        accused_ids=accused_ids,
    )
    store.add(uow, planned)
    uow.schedule(ending.DUE_TIMER, planned.id, planned.due, attempt=1)
    uow.publish(
        CallbackPlanned(
            callback_id=planned.id,
            rule=planned.rule,
            subject_kind=planned.subject_kind,
            subject_id=planned.subject_id,
            occasion=planned.occasion,
            party_id=planned.party_id,
            mode=planned.mode,
            due=planned.due,
            latest=planned.latest,
        ),
        about=[party_id],
    )
    return planned


async def drop_open(
    uow: UnitOfWork,
    subject_kind: SubjectKind,
    subject_id: UUID,
    command: Literal["cancel", "supersede"],
    reason: str,
    *,
    up_to: int | None = None,
) -> list[Callback]:
    """Drops what is open about a subject, up to the occasion `up_to` (None: whatever the occasion)."""
    return [
        await ending.drop(uow, callback, command, reason)
        for callback in await store.open_of_subject(uow, subject_kind, subject_id)
        if up_to is None or callback.occasion <= up_to
    ]


async def drop_of_party(uow: UnitOfWork, party_id: UUID) -> None:
    """Drops what is open with a party that is erased, and forgets its addresses."""
    for callback in await store.open_of_party(uow, party_id):
        await ending.drop(uow, callback, "cancel", "party-erased")
    await store.forget_addresses(uow, party_id)
