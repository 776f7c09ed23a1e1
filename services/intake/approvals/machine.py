"""One approval step's life as a table; a request's own life is the visit's (`visits/machine.py`)."""

from __future__ import annotations

from shared.kernel.machine import Machine, Transition

APPROVAL = Machine(
    "visit-approval",
    (
        Transition("new", "ask", "waiting", event="visit-approval-requested"),
        Transition("new", "pass", "approved", event="visit-approval-decided"),
        Transition("waiting", "ask-another", "waiting", event="visit-approval-requested"),
        Transition("waiting", "approve", "approved", by="visits.decide", event="visit-approval-decided"),
        Transition("waiting", "return", "returned", by="visits.decide", event="visit-approval-decided"),
        Transition("waiting", "reject", "rejected", by="visits.decide", event="visit-approval-decided"),
        Transition("waiting", "withdraw", "withdrawn", by="visits.request"),
        Transition("waiting", "expire", "expired"),
    ),
)
"""A step is passed where whom it would ask has approved an earlier one of the same revision."""
