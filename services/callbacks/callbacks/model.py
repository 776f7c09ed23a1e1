"""A callback's life as a table, and the callback itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from services.callbacks.rules.model import Mode, SubjectKind
from shared.kernel.ids import derived_id
from shared.kernel.machine import Machine, Transition

Outcome = Literal["satisfied", "neutral", "dissatisfied"]
GivenUpReason = Literal["no-answer", "no-contact", "refused"]

LAST_ATTEMPT = "last attempt"
INSIDE_WINDOW = "inside the reopen window"
WORSE = "worse than before, inside the reopen window"

PERFORM = "callbacks.perform"
DECIDE = "callbacks.decide"

OPEN_STATES = ("planned", "due", "appointed", "in_progress", "unreached")
"""The states that a callback may still be cancelled or superseded in."""


def _each(sources: tuple[str, ...], command: str, target: str, **columns: str) -> tuple[Transition, ...]:
    return tuple(Transition(source, command, target, **columns) for source in sources)


MACHINE = Machine(
    "callback",
    (
        Transition("planned", "fall-due", "due", event="callback-due"),
        Transition("unreached", "fall-due", "due", event="callback-due"),
        # At the due time it may turn out that there is no address, or that its owner wants no surveys.
        *_each(("planned", "unreached"), "no-contact", "given_up", event="callback-given-up"),
        *_each(("planned", "unreached"), "opted-out", "refused", event="callback-given-up"),
        # By message: notify tells what became of the question. Its news may come after the answer.
        *_each(("due",), "ask", "in_progress", event="callback-attempted"),
        *_each(("due", "in_progress"), "fail", "given_up", guard=LAST_ATTEMPT, event="callback-given-up"),
        *_each(("due", "in_progress"), "fail", "unreached", event="callback-attempted"),
        *_each(("due", "in_progress", "unreached"), "answer", "completed", event="callback-completed"),
        *_each(("due", "in_progress", "unreached"), "unclear", "in_progress"),
        *_each(("due", "in_progress"), "expire", "given_up", event="callback-given-up"),
        # A late answer still counts, and so does a change of mind for the worse.
        Transition("given_up", "answer", "completed", guard=INSIDE_WINDOW, event="callback-completed"),
        Transition("given_up", "unclear", "in_progress", guard=INSIDE_WINDOW),
        Transition("completed", "answer", "completed", guard=WORSE, event="callback-completed"),
        # By a person.
        *_each(("due", "appointed"), "reach", "in_progress", by=PERFORM, event="callback-attempted"),
        *_each(
            ("due", "appointed", "in_progress"),
            "miss",
            "given_up",
            guard=LAST_ATTEMPT,
            by=PERFORM,
            event="callback-given-up",
        ),
        *_each(("due", "appointed", "in_progress"), "miss", "unreached", by=PERFORM, event="callback-attempted"),
        *_each(("due", "in_progress"), "appoint", "appointed", by=PERFORM),
        *_each(("due", "in_progress"), "complete", "completed", by=PERFORM, event="callback-completed"),
        *_each(("due", "appointed", "in_progress"), "wrong-person", "wrong_person", by=PERFORM),
        *_each(OPEN_STATES, "refuse", "refused", by=PERFORM, event="callback-given-up"),
        *_each(OPEN_STATES, "give-up", "given_up", by=DECIDE, event="callback-given-up"),
        # By what happens to the subject.
        *_each(OPEN_STATES, "cancel", "cancelled"),
        *_each(OPEN_STATES, "supersede", "superseded"),
    ),
)


@dataclass(frozen=True, slots=True)
class Callback:
    """One planned contact back to a party. Instants are UTC."""

    id: UUID
    rule: str
    subject_kind: SubjectKind
    subject_id: UUID
    subject_number: str | None
    """What the party knows the subject by."""
    occasion: int
    """The ticket's resolution_no or the visit's revision."""
    party_id: UUID
    address_id: str | None
    """Where the party wants to be contacted, if it said so."""
    mode: Mode
    state: str
    attempt: int
    """The attempt that runs or ran last; 0 before the first."""
    due: datetime
    latest: datetime
    priority: int
    planned_at: datetime
    handler_id: UUID | None = None
    responsible_department_id: UUID | None = None
    accused_ids: tuple[UUID, ...] = ()
    """Members of staff whom the subject complains about; they neither call nor see whom to call."""
    answer_until: datetime | None = None
    needs_person: bool = False
    """An answer came that no table understands: a person asks again."""
    outcome: Outcome | None = None
    contact_wanted: bool = False
    end_reason: str | None = None
    ended_at: datetime | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in OPEN_STATES


def callback_id(rule: str, subject_id: UUID, occasion: int) -> UUID:
    """The id of the one callback by this rule about this turn of a subject: made again, it is the same."""
    return derived_id("callback", rule, subject_id, occasion)


def answer_facts(callback: Callback, outcome: Outcome | None, at: datetime, window: timedelta) -> frozenset[str]:
    """The guards that hold for an answer received at `at`; `window` is how long an ended callback listens."""
    if callback.ended_at is None or at > callback.ended_at + window:
        return frozenset()
    worse = outcome == "dissatisfied" and callback.outcome != "dissatisfied"
    return frozenset({INSIDE_WINDOW, WORSE} if worse else {INSIDE_WINDOW})


def attempt_facts(callback: Callback, allowed: int) -> frozenset[str]:
    """The guards that hold for an attempt that failed, where `allowed` attempts are made."""
    return frozenset({LAST_ATTEMPT}) if callback.attempt >= allowed else frozenset()
