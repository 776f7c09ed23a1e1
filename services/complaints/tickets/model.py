"""A complaint's ticket: its life as a table, its number, who may act on it. Pure.

The table is whole; `BUILT` holds the steps that this build can take. A guard is a fact that the command has
established; `by` is the permission that a person needs, None where only an event or a deadline takes the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.kernel.ids import with_check_digit
from shared.kernel.machine import Machine, Transition

Severity = Literal["minor", "major"]
Outcome = Literal["remedied", "explained", "simple", "not-agreed"]
CloseReason = Literal["satisfied", "neutral", "given-up", "no-contact", "explained", "not-agreed"]

ENDED = frozenset({"closed", "merged", "withdrawn"})
"""States in which nothing more is owed. A closed ticket may still be reopened inside the window."""

AT_REST = ENDED | {"resolved"}
"""States that ask no work of the handler: what is in them does not count as open (CB-05)."""

OPEN = (
    "registered", "valid", "invalid", "explained", "disputed", "assigned", "investigating", "proposing", "deciding",
    "authorising", "offered", "declined", "accepted", "carrying_out", "awaiting_sign_off", "refused", "resolved",
    "reopened",
)  # fmt: skip

_ROWS = (
    # Judging (CP-02)
    Transition("registered", "judge", "valid", "found-valid", "tickets.judge", "complaint-judged"),
    Transition("registered", "judge", "invalid", "found-invalid", "tickets.judge", "complaint-judged"),
    Transition("invalid", "explain", "explained", None, "tickets.explain", "complaint-progressed"),
    Transition("explained", "close", "closed", "explained", "tickets.close", "complaint-closed"),
    Transition("explained", "dispute", "disputed", "first-dispute", "tickets.dispute", "complaint-progressed"),
    Transition("disputed", "judge_again", "valid", "second-person-found-valid", "tickets.judge", "complaint-judged"),
    Transition(
        "disputed", "judge_again", "invalid", "second-person-found-invalid", "tickets.judge", "complaint-judged"
    ),
    # Investigating (CP-03); a simple case needs no remedy
    Transition("assigned", "investigate", "investigating", None, "tickets.investigate", "complaint-progressed"),
    Transition("investigating", "investigate", "investigating", None, "tickets.investigate", "complaint-progressed"),
    Transition("investigating", "resolve", "resolved", "no-remedy-needed", "tickets.resolve", "ticket-resolved"),
    # Remedies (CP-04, CP-05, CP-09, CP-17, AP-08)
    Transition("investigating", "propose", "proposing", None, "tickets.propose", "complaint-progressed"),
    Transition("proposing", "propose", "proposing", None, "tickets.propose", "complaint-progressed"),
    Transition("proposing", "submit", "deciding", "has-proposal", "tickets.propose", "complaint-progressed"),
    Transition("deciding", "send_back", "proposing", None, "tickets.decide", "complaint-progressed"),
    Transition("deciding", "choose", "offered", "within-authority", "tickets.decide", "remedy-offered"),
    Transition("deciding", "choose", "authorising", "beyond-authority", "tickets.decide", "complaint-progressed"),
    Transition("authorising", "authorise", "offered", None, "tickets.authorise", "remedy-offered"),
    Transition("authorising", "deny", "deciding", None, "tickets.authorise", "complaint-progressed"),
    Transition("offered", "accept", "accepted", None, "tickets.offer", "remedy-accepted"),
    Transition("offered", "decline", "declined", None, "tickets.offer", "remedy-declined"),
    Transition("declined", "propose", "proposing", None, "tickets.propose", "complaint-progressed"),
    Transition("accepted", "carry_out", "carrying_out", None, "tickets.carry-out", "complaint-progressed"),
    Transition("carrying_out", "ask_sign_off", "awaiting_sign_off", None, "tickets.carry-out", "sign-off-requested"),
    Transition("awaiting_sign_off", "sign_off", "resolved", "signed", "tickets.sign-off", "ticket-resolved"),
    Transition("awaiting_sign_off", "refuse_sign_off", "refused", None, "tickets.sign-off", "complaint-progressed"),
    Transition("awaiting_sign_off", "give_up_sign_off", "resolved", "sign-off-overdue", None, "ticket-resolved"),
    Transition("refused", "propose", "proposing", None, "tickets.propose", "complaint-progressed"),
    Transition("refused", "resolve", "resolved", "unsigned", "tickets.resolve", "ticket-resolved"),
    # The end, and after it (CP-15, CP-18)
    Transition("resolved", "close", "closed", "answered", None, "complaint-closed"),
    Transition("resolved", "close", "closed", "no-contact", "tickets.close", "complaint-closed"),
    Transition("resolved", "reopen", "reopened", None, "tickets.reopen", "complaint-reopened"),
    Transition("closed", "reopen", "reopened", "inside-reopen-window", "tickets.reopen", "complaint-reopened"),
    Transition("closed", "note_late_answer", "closed", "inside-reopen-window"),
    Transition("reopened", "resume", "investigating", "first-time"),
    Transition(
        "reopened", "investigate", "investigating", "decided-above", "tickets.investigate", "complaint-progressed"
    ),
    Transition("reopened", "close", "closed", "not-agreed", "tickets.close", "complaint-closed"),
    # Whose it is
    Transition("valid", "assign", "assigned", None, "tickets.assign", "complaint-assigned"),
    *(
        Transition(state, "assign", state, None, "tickets.assign", "complaint-assigned")
        for state in OPEN
        if state not in ("valid", "resolved")
    ),
    # Ended otherwise
    *(Transition(state, "merge", "merged", None, "tickets.merge", "complaint-merged") for state in OPEN),
    *(Transition(state, "withdraw", "withdrawn", None, "tickets.withdraw", "complaint-withdrawn") for state in OPEN),
)

TABLE = Machine("ticket", _ROWS)

BUILT_COMMANDS = frozenset(
    {"judge", "explain", "assign", "investigate", "resolve", "reopen", "resume", "close", "note_late_answer"}
)

BUILT = Machine("ticket", [row for row in _ROWS if row.command in BUILT_COMMANDS])
"""The steps of this build: refusals name only commands that can really be given."""


def open_to_people(state: str) -> tuple[str, ...]:
    """The commands that a person may give in `state`, sorted; guards and the person's own rights come on top."""
    return tuple(sorted({row.command for row in BUILT.transitions if row.source == state and row.by is not None}))


@dataclass(frozen=True, slots=True)
class Ticket:
    """One complaint from registering to its end. The words of the party and of staff are kept apart, erasable."""

    id: UUID
    report_id: UUID
    number: str
    """What people call it, with a check digit; never a key."""
    message_id: UUID | None
    case_id: UUID | None
    caused_by_callback: UUID | None
    channel: str
    medium: str
    party_id: UUID
    address_id: str | None
    customer_class: str | None
    member: bool
    phone_present: bool
    category: str
    severity: Severity
    state: str
    handler_id: UUID | None
    department_id: UUID | None
    """The handler's department."""
    responsible_department_id: UUID | None
    """Whose fault it is, as far as known (CP-02)."""
    accused_ids: tuple[UUID, ...]
    """Staff who are complained about: they never judge, decide, call back or see who complained."""
    judged_by: UUID | None
    resolution_no: int
    outcome: Outcome | None
    close_reason: CloseReason | None
    times_reopened: int
    opened_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    version: int

    def step(self, command: str, at: datetime, facts: Iterable[str] = (), **changes: Any) -> Ticket:
        """The ticket after `command`, with `changes`. Raises Refused(`ticket-state`) naming what the state allows."""
        row = BUILT.step(self.state, command, facts)
        return replace(self, state=row.target, version=self.version + 1, changed_at=at, **changes)

    def going_on(self, command: str, facts: Iterable[str] = ()) -> Ticket:
        """A second step of the same change: no further version."""
        return replace(self, state=BUILT.step(self.state, command, facts).target)

    def with_handler(self, staff_id: UUID | None, department_id: UUID | None) -> Ticket:
        """Somebody else's, as part of the same change."""
        return replace(self, handler_id=staff_id, department_id=department_id)

    def accusing(self, staff_ids: Iterable[UUID]) -> Ticket:
        """The same change, these being complained about too."""
        return replace(self, accused_ids=tuple(dict.fromkeys((*self.accused_ids, *staff_ids))))

    @property
    def about(self) -> tuple[object, ...]:
        """Whom its events tell of: ids of the party and the address, so that erasure finds them."""
        return (self.party_id,) if self.address_id is None else (self.party_id, self.address_id)

    def needs_decision_above(self) -> bool:
        """Whether quality and the department's head decide, not the handler: from the second reopening on (CP-18)."""
        return self.times_reopened >= 2

    def may_be_reopened(self, at: datetime, window: timedelta) -> bool:
        """Whether a closed ticket is still inside the reopen window and was not closed by explanation or decision."""
        return (
            self.closed_at is not None
            and self.close_reason in ("satisfied", "neutral", "given-up", "no-contact")
            and at - self.closed_at <= window
        )


def ticket_number(serial: int, opened_at: datetime, zone: ZoneInfo) -> str:
    """`T-2026-0000123-7`: the year where the company is, a serial that never starts again, and a check digit."""
    number = f"T-{opened_at.astimezone(zone).year}-{serial:07d}-"
    return with_check_digit(number)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could handle a ticket: `weight` is the share of new work, `open` what is on the desk now."""

    id: UUID
    weight: int
    open: int


def choose(candidates: Sequence[Candidate]) -> UUID | None:
    """Who gets new work: the highest weight ÷ (open + 1), ties by id; weight 0 takes none; None if nobody (CB-05)."""
    able = [candidate for candidate in candidates if candidate.weight > 0]
    if not able:
        return None
    return min(able, key=lambda c: (-Fraction(c.weight, c.open + 1), c.id)).id


Relation = Literal["handler", "overseer", "decider"]
"""What somebody is to a ticket: its handler (or who acts for them); a supervisor or manager; or one who decides after
a second dissatisfied answer: quality, and the head of the handler's department.
"""

OVERSEERS = frozenset({"supervisor", "department-manager", "general-manager", "assistant-to-general-manager"})
"""Roles that may act on tickets of others."""

HANDLERS = ("complaint-handler", "supervisor")
"""Roles that a handler has; the first that somebody present has is chosen from."""

_WHO: dict[tuple[str, str], frozenset[Relation]] = {
    # Nobody ends the asking whether the party is satisfied with one's own work.
    ("resolved", "close"): frozenset({"overseer"}),
    ("reopened", "investigate"): frozenset({"decider"}),
    ("reopened", "close"): frozenset({"decider"}),
    ("reopened", "assign"): frozenset({"overseer", "decider"}),
}


def who_may(state: str, command: str) -> frozenset[Relation]:
    """Whom a command in `state` is for, on top of the permission."""
    return _WHO.get((state, command), frozenset({"handler", "overseer"}))


CLOSE_REASONS: dict[str, CloseReason] = {"explained": "explained", "resolved": "no-contact", "reopened": "not-agreed"}
"""State → the reason with which a person may close."""
