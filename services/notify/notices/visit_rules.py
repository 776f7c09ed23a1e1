"""Notices about visits, a row each."""

from __future__ import annotations

from datetime import timedelta

from services.notify.notices.model import Audience, Instant, PartyName, Rule, StaffName, Withdrawal
from shared.contracts.events.visit_approval_due import VisitApprovalDue
from shared.contracts.events.visit_approval_requested import VisitApprovalRequested
from shared.contracts.events.visit_approved import VisitApproved
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.contracts.events.visit_changed import VisitChanged
from shared.contracts.events.visit_closed import VisitClosed
from shared.contracts.events.visit_handed_over import VisitHandedOver
from shared.contracts.events.visit_no_show import VisitNoShow
from shared.contracts.events.visit_rejected import VisitRejected
from shared.contracts.events.visit_requested import VisitRequested
from shared.contracts.events.visit_task_due import VisitTaskDue
from shared.contracts.events.visitor_arrived import VisitorArrived

_VISIT = ("visit", "visit_id")

# The guest reads the visit's time as it is at the place of the visit: where the host is.
_ARRIVAL = Instant("arrival", at="host_id")
_DEPARTURE = Instant("departure", at="host_id")
_HOST = StaffName("host_id")

VISIT_RULES: tuple[Rule, ...] = (
    # visits (NT-01, NT-02, NT-03, NT-05, NT-10)
    Rule(
        "visit-received",
        VisitRequested,
        (Audience.PARTY,),
        "visit-received",
        "answer",
        _VISIT,
        occasion="revision",
        values={"arrival": _ARRIVAL},
        when=lambda event: event.asked_by_guest,
        acknowledges=True,
    ),
    Rule(
        "visit-approval",
        VisitApprovalRequested,
        (Audience.APPROVER,),
        "visit-approval",
        "service",
        _VISIT,
        values={"host": _HOST, "arrival": _ARRIVAL},
        useless_from="arrival",
    ),
    Rule(
        "visit-approval-reminder",
        VisitApprovalDue,
        (Audience.APPROVER,),
        "visit-approval-reminder",
        "service",
        _VISIT,
        values={"host": _HOST, "arrival": _ARRIVAL},
        caused_at="due",
        useless_from="arrival",
    ),
    Rule(
        "visit-approved-informed",
        VisitApproved,
        (Audience.INFORMED,),
        "visit-approved-informed",
        "service",
        _VISIT,
        occasion="revision",
        values={"guest": PartyName(), "host": _HOST, "arrival": _ARRIVAL, "departure": _DEPARTURE},
        when=lambda event: bool(event.informed_ids),
        useless_from="departure",
    ),
    Rule(
        "visit-expired",
        VisitCancelled,
        (Audience.REQUESTER,),
        "visit-expired",
        "service",
        _VISIT,
        occasion="revision",
        values={"guest": PartyName(), "arrival": _ARRIVAL},
        when=lambda event: event.why == "expired",
    ),
    Rule(
        "visit-confirmed",
        VisitApproved,
        (Audience.PARTY,),
        "visit-confirmed",
        "service",
        _VISIT,
        occasion="revision",
        values={"host": _HOST, "arrival": _ARRIVAL},
        useless_from="arrival",
        must_reach=True,
    ),
    Rule(
        "visit-approved-host",
        VisitApproved,
        (Audience.HOST,),
        "visit-approved-host",
        "service",
        _VISIT,
        occasion="revision",
        values={"guest": PartyName(), "arrival": _ARRIVAL, "departure": _DEPARTURE},
        useless_from="arrival",
    ),
    Rule(
        "visit-rejected-guest",
        VisitRejected,
        (Audience.PARTY,),
        "visit-rejected-guest",
        "service",
        _VISIT,
        occasion="revision",
        when=lambda event: event.asked_by_guest,
        must_reach=True,
    ),
    Rule(
        "visit-rejected",
        VisitRejected,
        (Audience.REQUESTER,),
        "visit-rejected",
        "service",
        _VISIT,
        occasion="revision",
        values={"guest": PartyName()},
    ),
    Rule(
        "visit-cancelled-guest",
        VisitCancelled,
        (Audience.PARTY,),
        "visit-cancelled-guest",
        "service",
        _VISIT,
        occasion="revision",
        values={"arrival": _ARRIVAL},
        when=lambda event: event.guest_was_told,
        useless_from="arrival",
        must_reach=True,
    ),
    Rule(
        "visit-cancelled-host",
        VisitCancelled,
        (Audience.HOST, Audience.REQUESTER),
        "visit-cancelled-host",
        "service",
        _VISIT,
        occasion="revision",
        values={"guest": PartyName(), "arrival": _ARRIVAL},
        when=lambda event: event.why != "expired",
        useless_from="arrival",
    ),
    Rule(
        "visit-returned",
        VisitChanged,
        (Audience.REQUESTER,),
        "visit-returned",
        "service",
        _VISIT,
        values={"guest": PartyName(), "arrival": _ARRIVAL},
        when=lambda event: event.change == "returned",
        useless_from="arrival",
    ),
    Rule(
        "visit-changed",
        VisitChanged,
        (Audience.HOST,),
        "visit-changed",
        "service",
        _VISIT,
        occasion="revision",
        values={"guest": PartyName(), "arrival": _ARRIVAL, "departure": _DEPARTURE},
        when=lambda event: event.change in ("rescheduled", "amended"),
        useless_from="arrival",
    ),
    Rule(
        "visit-changed-guest",
        VisitChanged,
        (Audience.PARTY,),
        "visit-changed-guest",
        "service",
        _VISIT,
        occasion="revision",
        values={"host": _HOST, "arrival": _ARRIVAL},
        when=lambda event: event.guest_was_told and event.change in ("rescheduled", "amended"),
        useless_from="arrival",
        must_reach=True,
    ),
    Rule(
        "visit-handed-over",
        VisitHandedOver,
        (Audience.HOST,),
        "visit-handed-over",
        "service",
        _VISIT,
        values={
            "guest": PartyName(),
            "former_host": StaffName("former_host_id"),
            "arrival": _ARRIVAL,
            "departure": _DEPARTURE,
        },
        useless_from="departure",
    ),
    Rule(
        "visit-reminder",
        VisitTaskDue,
        (Audience.PARTY,),
        "visit-reminder",
        "reminder",
        _VISIT,
        occasion="revision",
        values={"host": _HOST, "arrival": _ARRIVAL},
        when=lambda event: event.task == "remind-guest",
        caused_at="due",
        useless_from="arrival",
    ),
    Rule(
        "visitor-arrived",
        VisitorArrived,
        (Audience.HOST,),
        "visitor-arrived",
        "urgent",
        _VISIT,
        values={"guest": PartyName(), "arrived": Instant("arrived_at", at="host_id")},
        when=lambda event: not event.host_knows,
        stale_after=timedelta(minutes=30),
    ),
    Rule(
        "visit-no-show",
        VisitNoShow,
        (Audience.HOST, Audience.REQUESTER),
        "visit-no-show",
        "service",
        _VISIT,
        values={"guest": PartyName(), "arrival": _ARRIVAL},
    ),
    Rule(
        "visit-record-departure",
        VisitTaskDue,
        (Audience.HOST,),
        "visit-record-departure",
        "service",
        _VISIT,
        occasion="revision",
        values={"guest": PartyName(), "arrival": _ARRIVAL},
        when=lambda event: event.task == "record-departure",
        caused_at="due",
    ),
    Rule(
        "visit-closed",
        VisitClosed,
        (Audience.REQUESTER,),
        "visit-closed",
        "service",
        _VISIT,
        occasion="revision",
        values={"guest": PartyName()},
        stale_after=timedelta(days=7),
    ),
)

VISIT_WITHDRAWALS = (
    Withdrawal(VisitCancelled, _VISIT, "cancel"),
    Withdrawal(VisitRejected, _VISIT, "cancel"),
    Withdrawal(VisitChanged, _VISIT, "supersede"),
)
