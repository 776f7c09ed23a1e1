"""A visit's whole life as a table. Leaving a step out is a row whose guard says that the template has no such step."""

from __future__ import annotations

from shared.kernel.machine import Machine, Transition

NO_LEVEL = "the template has no level"
NO_PLAN = "the template has no plan"
NO_SETTLEMENT = "nothing is to settle"
MORE_STEPS = "another approval step follows"
WALK_IN = "the visit is a walk-in"
APPOINTMENT = "the visit is an appointment"
RISEN = "more is asked for than was approved"

_BEFORE_ARRIVAL = ("draft", "submitted", "levelled", "approving", "returned", "approved", "preparing", "confirmed")
APPROVED = ("approved", "preparing", "confirmed")
"""States in which a visit is approved and still to come."""

_PLANNED = ("submitted", "levelled", "approving", "approved", "preparing", "confirmed")

VISIT = Machine(
    "visit",
    (
        Transition("new", "draft", "draft", by="visits.request"),
        Transition("new", "request", "submitted", by="visits.request", event="visit-requested"),
        Transition("new", "receive", "arrived", guard=WALK_IN, by="visits.receive", event="visitor-arrived"),
        Transition("new", "book", "confirmed", guard=APPOINTMENT, event="visit-requested"),
        Transition("draft", "submit", "submitted", by="visits.request", event="visit-requested"),
        Transition("draft", "purge", "purged"),
        Transition("submitted", "judge-level", "levelled", by="visits.level"),
        Transition("levelled", "judge-level", "levelled", by="visits.level"),
        *(Transition(state, "plan", state, by="visits.request") for state in ("submitted", "levelled", "returned")),
        *(Transition(state, "exempt", state, by="visits.request") for state in ("levelled", *APPROVED)),
        Transition("submitted", "seek-approval", "approving", guard=NO_LEVEL, event="visit-approval-requested"),
        Transition("levelled", "seek-approval", "approving", event="visit-approval-requested"),
        Transition("approving", "approve", "approving", guard=MORE_STEPS, by="visits.decide"),
        Transition("approving", "approve", "approved", by="visits.decide", event="visit-approved"),
        Transition("approving", "return", "returned", by="visits.decide", event="visit-changed"),
        Transition("approving", "reject", "rejected", by="visits.decide", event="visit-rejected"),
        Transition("approving", "expire", "expired", event="visit-cancelled"),
        Transition("approving", "withdraw", "withdrawn", by="visits.request", event="visit-cancelled"),
        Transition("returned", "resubmit", "submitted", by="visits.request", event="visit-changed"),
        Transition("returned", "withdraw", "withdrawn", by="visits.request", event="visit-cancelled"),
        Transition("approved", "prepare", "preparing", by="visits.prepare"),
        Transition("preparing", "release", "approved", by="visits.prepare"),
        Transition("preparing", "confirm", "confirmed", by="visits.confirm", event="visit-progressed"),
        Transition("approved", "confirm", "confirmed", guard=NO_PLAN, by="visits.confirm", event="visit-progressed"),
        # Who comes without the way having been confirmed is not sent away.
        Transition("approved", "arrive", "arrived", guard=NO_PLAN, by="visits.receive", event="visitor-arrived"),
        Transition("confirmed", "arrive", "arrived", by="visits.receive", event="visitor-arrived"),
        *(
            Transition(state, command, "no_show", by=by, event="visit-no-show")
            for state in APPROVED
            for command, by in (("miss", "visits.receive"), ("assume-missed", None))
        ),
        Transition("arrived", "extend", "arrived", by="visits.receive", event="visit-changed"),
        Transition("arrived", "depart", "departed", by="visits.receive", event="visit-departed"),
        Transition("arrived", "assume-departure", "departed", event="visit-departed"),
        Transition("departed", "settle", "settled", by="visits.settle", event="visit-settled"),
        Transition("departed", "close", "closed", guard=NO_SETTLEMENT, event="visit-closed"),
        Transition("settled", "close", "closed", event="visit-closed"),
        *(
            Transition(state, "cancel", "cancelled", by="visits.cancel", event="visit-cancelled")
            for state in _BEFORE_ARRIVAL
        ),
        *(
            Transition(state, command, "approving", guard=RISEN, by="visits.request", event="visit-changed")
            for state in APPROVED
            for command in ("reschedule", "amend")
        ),
        *(Transition(state, "reschedule", state, by="visits.request", event="visit-changed") for state in _PLANNED),
        *(Transition(state, "amend", state, by="visits.request", event="visit-changed") for state in _PLANNED),
    ),
)

ENDED = frozenset({"purged", "rejected", "expired", "withdrawn", "cancelled", "no_show", "closed"})
"""States that nothing leads out of."""
