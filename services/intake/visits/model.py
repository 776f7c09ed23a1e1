"""Visits: what is asked for, which steps its template has, and what makes a request impossible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.intake.visits.machine import APPOINTMENT, APPROVED, NO_LEVEL, NO_PLAN, NO_SETTLEMENT, WALK_IN
from shared.kernel.errors import Refused

LONGEST = timedelta(days=60)
TO_RECEIVE = (
    "draft",
    "submitted",
    "levelled",
    "approving",
    "returned",
    "approved",
    "preparing",
    "confirmed",
    "arrived",
)
"""States in which a visit still needs a host."""

FARTHEST = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class Template:
    """How visits of one kind go (VR-02): which of the steps that may be left out it has.

    What has a level has a form and a budget, too.
    """

    kind: str
    level: bool
    plan: bool
    settlement: bool
    walk_in: bool = False
    appointment: bool = False

    @property
    def facts(self) -> frozenset[str]:
        """The guards of the machine that hold for every visit of this kind."""
        said = (
            (not self.level, NO_LEVEL),
            (not self.plan, NO_PLAN),
            (not self.settlement, NO_SETTLEMENT),
            (self.walk_in, WALK_IN),
            (self.appointment, APPOINTMENT),
        )
        return frozenset(fact for holds, fact in said if holds)


TEMPLATES = {
    template.kind: template
    for template in (
        Template("business", level=False, plan=False, settlement=False),
        Template("reception", level=True, plan=False, settlement=False),
        Template("walk-in", level=False, plan=False, settlement=False, walk_in=True),
        Template("appointment", level=False, plan=False, settlement=False, appointment=True),
    )
}


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody comes; we receive them. `revision` counts what was asked for, `version` every change.

    `company`: where they come from; `level`: as it was judged last; `approved_revision`: the last one that was
    approved, which later ones are held against; `guest_kind` and `identity`: what the desk found (IN-04, IN-06).
    """

    id: UUID
    kind: str
    state: str
    revision: int
    party_id: UUID
    address_id: str | None
    asked_by_guest: bool
    requester_id: UUID | None
    host_id: UUID
    department_id: UUID
    purpose: str
    head_count: int
    arrival: datetime
    departure: datetime
    zone: str
    short_notice_reason: str | None
    created_at: datetime
    company: str | None = None
    level: str | None = None
    approved_revision: int | None = None
    guest_kind: str | None = None
    identity: str | None = None
    cancelled_because: str | None = None
    arrived_at: datetime | None = None
    departed_at: datetime | None = None
    departure_assumed: bool = False
    home_arrival: datetime | None = None
    callback_outcome: str | None = None
    closed_at: datetime | None = None
    version: int = 1

    @property
    def about(self) -> tuple[object, ...]:
        """The ids by which erasure finds what tells of the guest."""
        return (self.party_id,) if self.address_id is None else (self.party_id, self.address_id)

    @property
    def template(self) -> Template:
        """How visits of this kind go."""
        return TEMPLATES[self.kind]

    @property
    def nights(self) -> int:
        """How many nights the guest stays, by the calendar of the place."""
        zone = ZoneInfo(self.zone)
        return (self.departure.astimezone(zone).date() - self.arrival.astimezone(zone).date()).days

    @property
    def asks_guest(self) -> bool:
        """Whether the guest is asked afterwards how it was: not where nobody can be asked, or somebody seeks work."""
        return self.address_id is not None and self.guest_kind != "applicant"

    @property
    def guest_was_told(self) -> bool:
        """Whether the guest has heard of the visit: they asked for it, have an appointment, or it was approved once."""
        return self.asked_by_guest or self.template.appointment or self.approved_revision is not None

    @property
    def guest_is_expected(self) -> bool:
        """Whether the visit is approved, and the guest was told so."""
        return self.state in APPROVED


def check_dates(
    arrival: datetime,
    departure: datetime,
    *,
    now: datetime,
    earliest: datetime,
    notice_days: int,
    short_notice_reason: str | None,
) -> None:
    """Refuses what cannot be, and an arrival before `earliest`, the end of the notice, without a reason (VR-06).

    Raises Refused(`impossible-dates` or `short-notice`, 422) naming the field.
    """
    if departure <= arrival:
        raise _impossible("departure", "an instant after arrival")
    if arrival <= now:
        raise _impossible("arrival", "an instant that is to come")
    if arrival - now > FARTHEST:
        raise _impossible("arrival", f"at most {FARTHEST.days} days ahead")
    if departure - arrival > LONGEST:
        raise _impossible("departure", f"at most {LONGEST.days} days after arrival")
    if short_notice_reason is None and arrival < earliest:
        raise Refused(
            "short-notice",
            status=422,
            field="short_notice_reason",
            expected=f"a reason, as arrival is less than {notice_days} working days ahead",
        )


def _impossible(field: str, expected: str) -> Refused:
    return Refused("impossible-dates", status=422, field=field, expected=expected)
