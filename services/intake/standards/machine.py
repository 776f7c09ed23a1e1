"""A standard set's life as a table: worked on, in force, out of force."""

from __future__ import annotations

from shared.kernel.machine import Machine, Transition

COMPLETE = "every cell is filled"

STANDARD_SET = Machine(
    "standard-set",
    (
        Transition("new", "draft", "draft", by="standards.edit"),
        Transition("draft", "edit", "draft", by="standards.edit"),
        Transition("draft", "confirm", "draft", by="standards.confirm"),
        Transition("draft", "publish", "published", guard=COMPLETE, by="standards.publish"),
        Transition("draft", "discard", "discarded", by="standards.edit"),
        Transition("published", "confirm", "published", by="standards.confirm"),
        Transition("published", "retire", "retired", by="standards.publish"),
        Transition("published", "supersede", "retired"),
    ),
)
"""Confirming settles a cell that nobody could have approved by before: so it is possible in a published set too."""
