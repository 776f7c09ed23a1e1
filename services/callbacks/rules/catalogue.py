"""The rules that ship, one row each."""

from __future__ import annotations

from datetime import timedelta

from services.callbacks.rules.model import Exclusion, Rule
from shared.contracts.events.ticket_resolved import TicketResolved
from shared.contracts.events.visit_departed import VisitDeparted
from shared.kernel.calendar import Duration, Unit

_THREE_DAYS = Duration(Unit.CALENDAR_DAYS, timedelta(days=3))

COMPLAINT_RESOLVED = Rule(
    kind="complaint-resolved",
    trigger=TicketResolved,
    anchor="resolved_at",
    subject_kind="ticket",
    subject="ticket_id",
    number="number",
    occasion="resolution_no",
    major="major",
    handler="handled_by",
    department="responsible_department_id",
    accused="accused_ids",
    delay="complaint_delay",
    latest=_THREE_DAYS,
    mode="message",
    major_mode="phone",
    script="complaint-satisfaction",
    executor="callback-agent",
    excluded=frozenset({Exclusion.HANDLER}),
    priority=1,
    # As long as a resolution may still be reopened: every complaint ends with a callback, also after a long outage.
    stale_after=timedelta(days=30),
    sources=("CB-02", "CB-04", "CP-15"),
)

VISIT_DEPARTED = Rule(
    kind="visit-departed",
    wanted="ask_guest",
    trigger=VisitDeparted,
    anchor="home_arrival",
    subject_kind="visit",
    subject="visit_id",
    number=None,
    occasion="revision",
    major=None,
    handler="host_id",
    department="department_id",
    accused=None,
    delay="visit_delay",
    latest=_THREE_DAYS,
    mode="message",
    major_mode="message",
    script="visit-satisfaction",
    executor="callback-agent",
    excluded=frozenset(),
    priority=2,
    # "Did you get home safely?" a fortnight later would be odd.
    stale_after=timedelta(days=14),
    sources=("CB-01", "VR-23"),
)

RULES = {rule.kind: rule for rule in (COMPLAINT_RESOLVED, VISIT_DEPARTED)}
