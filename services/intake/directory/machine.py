"""What may become of a member of staff and of a department, as tables."""

from __future__ import annotations

from shared.kernel.machine import Machine, Transition

_TOLD = "staff-changed"

STAFF = Machine(
    "staff",
    (
        Transition("new", "hire", "working", by="staff.manage", event=_TOLD),
        Transition("working", "lock", "locked", by="staff.lock", event=_TOLD),
        Transition("locked", "unlock", "working", by="staff.lock", event=_TOLD),
        Transition("left", "rejoin", "working", by="staff.manage", event=_TOLD),
        *(Transition(state, "leave", "left", by="staff.manage", event=_TOLD) for state in ("working", "locked")),
        *(
            Transition(state, command, state, by=by, event=_TOLD)
            for state in ("working", "locked")
            for command, by in (
                ("change", "staff.manage"),
                ("record-absence", "staff.record-absence"),
                ("end-absence", "staff.record-absence"),
            )
        ),
    ),
)
"""Absent is no state of its own: it comes and goes with the clock."""

_SAID = "department-changed"

DEPARTMENT = Machine(
    "department",
    (
        Transition("new", "add", "open", by="departments.manage", event=_SAID),
        Transition("open", "change", "open", by="departments.manage", event=_SAID),
        Transition("open", "close", "closed", by="departments.manage", event=_SAID),
        Transition("closed", "reopen", "open", by="departments.manage", event=_SAID),
    ),
)
