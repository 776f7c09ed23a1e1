"""Callback rules: a row per kind. Code interprets the rows; the catalogue holds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.contracts.event import Event
from shared.kernel.calendar import Calendar, Duration

Mode = Literal["message", "phone", "home-visit"]
SubjectKind = Literal["ticket", "visit"]
"""What a callback may be about. Never a callback: a complaint that one causes gets a ticket, and that its own."""


class Exclusion(StrEnum):
    """Who may not do a callback, so that nobody asks about their own work (CB-12)."""

    ACCUSED = "accused"
    """Excluded by every rule."""
    HANDLER = "handler"
    RESPONSIBLE_DEPARTMENT = "responsible-department"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of callback."""

    kind: str
    trigger: type[Event]
    anchor: str
    """The field of the trigger from which `delay` and `latest` count."""
    subject_kind: SubjectKind
    subject: str
    """The field of the trigger that names the subject; so with the next ones."""
    number: str | None
    """What the party knows the subject by."""
    occasion: str
    """Tells one turn of the subject from the next: resolution_no, revision."""
    major: str | None
    """Whether it is a major one."""
    handler: str
    """Whose work is asked about."""
    department: str
    """Which department was responsible."""
    accused: str | None
    """Who is complained about."""
    delay: str
    """The setting that holds the time from the anchor until the callback is due."""
    latest: Duration
    """The deadline, from the anchor, in the party's zone; a longer `delay` does not move it."""
    mode: Mode
    major_mode: Mode
    """How it is done where the subject is a major one (CB-02)."""
    script: str
    """Id of the questions to ask."""
    executor: str
    """The role of the staff who do it where a person is needed."""
    excluded: frozenset[Exclusion]
    priority: int
    """Order among callbacks that are due together; 1 comes first."""
    stale_after: timedelta
    """A trigger older than this plans nothing any more."""
    sources: tuple[str, ...]
    """Ids of the requirements that the rule comes from."""
    wanted: str | None = None
    """The field of the trigger that tells whether anybody is to be asked; None: always."""

    def mode_for(self, *, major: bool) -> Mode:
        """How a callback by this rule is done."""
        return self.major_mode if major else self.mode

    def deadline(self, anchor: datetime, zone: ZoneInfo) -> datetime:
        """Until when the party in `zone` must have been contacted, in UTC."""
        return Calendar.always(zone).add(anchor, self.latest).at


@dataclass(frozen=True, slots=True)
class Person:
    """What a rule asks about a member of staff who wants to do a callback."""

    staff_id: UUID
    department_id: UUID
    department_code: str | None


def exclusion_of(
    rule: Rule,
    person: Person,
    *,
    accused_ids: tuple[UUID, ...],
    handler_id: UUID | None,
    responsible_department_id: UUID | None,
    marketing_departments: frozenset[str],
) -> Exclusion | None:
    """Why `person` may not do a callback by `rule`; None where nothing stands against it."""
    holds = {
        Exclusion.ACCUSED: person.staff_id in accused_ids,
        Exclusion.HANDLER: person.staff_id == handler_id,
        Exclusion.RESPONSIBLE_DEPARTMENT: person.department_id == responsible_department_id,
        Exclusion.MARKETING: person.department_code in marketing_departments,
    }
    binding = rule.excluded | {Exclusion.ACCUSED}
    return next((exclusion for exclusion in Exclusion if exclusion in binding and holds[exclusion]), None)
