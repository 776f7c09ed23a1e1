"""Who a rule's audience is, read from the event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.notify.notices.model import Audience, Instant, Rule, StaffName
from shared.messaging.reactions import Need, party, staff

_STAFF_FIELDS: dict[Audience, tuple[str, ...]] = {
    Audience.HANDLER: ("handler_id",),
    Audience.SUPERVISOR: ("supervisor_id",),
    Audience.DEPARTMENT_HEAD: ("department_head_id",),
    Audience.QUALITY: ("quality_ids",),
    Audience.HOST: ("host_id",),
    Audience.REQUESTER: ("requester_id", "host_id"),
    Audience.APPROVER: ("approver_id",),
    Audience.JUDGE: ("judge_id",),
    Audience.INFORMED: ("informed_ids",),
}
"""Fields of an event that name the audience; the first that has a value counts."""


def staff_ids(rule: Rule, event: Any) -> tuple[UUID, ...]:
    """The members of staff whom a rule addresses, each once, in the order of its audiences."""
    found: dict[UUID, None] = {}
    for audience in rule.audiences:
        for name in _STAFF_FIELDS.get(audience, ()):
            value = getattr(event, name)
            ids = value if isinstance(value, tuple) else (value,)
            named = [each for each in ids if each is not None]
            found.update(dict.fromkeys(named))
            if named:
                break
    return tuple(found)


def party_id(rule: Rule, event: Any) -> UUID | None:
    """The party whom a rule addresses, None where it addresses staff only."""
    value: UUID | None = event.party_id if Audience.PARTY in rule.audiences else None
    return value


def fields_read(rule: Rule) -> frozenset[str]:
    """The event's fields that a rule reads: a test holds them against the event."""
    names = {name for audience in rule.audiences for name in _STAFF_FIELDS.get(audience, ("party_id",))}
    names.add(rule.subject[1])
    names.update(
        name for name in (rule.occasion, rule.caused_at, rule.useless_from, rule.asks_until, rule.answers) if name
    )
    for value in rule.values.values():
        name = getattr(value, "name", "party_id")
        names.add(name)
        if isinstance(value, Instant) and value.at:
            names.add(value.at)
    return frozenset(names)


def needs(rules: Iterable[Rule], event: Any) -> tuple[Need, ...]:
    """Everybody whom the rules that apply to this event address or name: they must be in the copies first."""
    found: dict[Need, None] = {}
    for rule in rules:
        if not rule.when(event):
            continue
        named: set[UUID | None] = set(staff_ids(rule, event))
        for value in rule.values.values():
            at = value.at if isinstance(value, Instant) else value.name if isinstance(value, StaffName) else None
            if at is not None:
                named.add(getattr(event, at))
        reads_party = Audience.PARTY in rule.audiences or "party_id" in fields_read(rule)
        found.update(dict.fromkeys(party(event.party_id) if reads_party else ()))
        found.update(dict.fromkeys(staff(*sorted(named - {None}, key=str))))
    return tuple(found)
