"""What goes over the tickets' routes. What commands answer with holds no personal data: it is kept for repeats."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from services.complaints.deadlines.model import DeadlineKind
from services.complaints.tickets.model import CloseReason, Outcome, Severity
from services.complaints.tickets.store import WordsKind
from shared.web.schemas import Answer, Request

Prose = Annotated[str, StringConstraints(min_length=1, max_length=5_000)]


class JudgeRequest(Request):
    """Valid or not; not valid needs a reason. Classifying comes with it."""

    valid: bool
    reason: Prose | None = None
    category: Annotated[str, StringConstraints(max_length=64)] | None = None
    severity: Severity | None = None
    responsible_department_id: UUID | None = None
    accused_ids: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()


class ExplainRequest(Request):
    """What the party was told."""

    explanation: Prose


class AssignRequest(Request):
    """Without a handler the present one stays, or one is chosen."""

    handler_id: UUID | None = None
    responsible_department_id: UUID | None = None


class InvestigateRequest(Request):
    """Begins, or adds what was found."""

    findings: Prose | None = None
    accused_ids: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()


class ResolveRequest(Request):
    """Why no remedy is needed; `explained` where it was the customer's own fault."""

    reason: Prose
    outcome: Literal["simple", "explained"] = "simple"


class ReopenRequest(Request):
    """What the party said."""

    reason: Prose


class CloseRequest(Request):
    """Each state has its one reason."""

    reason: Literal["explained", "no-contact", "not-agreed"]
    note: Prose | None = None


class TicketState(Answer):
    """Where a ticket stands."""

    id: UUID
    number: str
    state: str
    commands: tuple[str, ...]
    """What a person may do in this state."""
    category: str
    severity: Severity
    handler_id: UUID | None
    department_id: UUID | None
    responsible_department_id: UUID | None
    resolution_no: int
    outcome: Outcome | None
    close_reason: CloseReason | None
    times_reopened: int
    version: int


class DeadlineView(Answer):
    """What is owed when."""

    kind: DeadlineKind
    round: int
    policy: str
    due_at: AwareDatetime
    provisional: bool
    """Whether the instant may still move, because a year's holidays are not announced yet."""
    warned_at: AwareDatetime | None
    met_at: AwareDatetime | None
    missed_at: AwareDatetime | None


class TicketRow(TicketState):
    """A ticket in a list."""

    channel: str
    customer_class: str | None
    opened_at: AwareDatetime
    changed_at: AwareDatetime
    resolved_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    deadlines: tuple[DeadlineView, ...]


class TicketPage(Answer):
    """Some tickets, the newest first; `next` goes into `after` for those that follow."""

    tickets: tuple[TicketRow, ...]
    next: UUID | None


class Address(Answer):
    """One way to reach the party."""

    kind: Literal["phone", "email"]
    value: str
    wanted: bool
    """Where the party wants the answer."""


class Contact(Answer):
    """Who complained, as far as known."""

    party_id: UUID
    name: str | None
    language: str
    zone: str
    addresses: tuple[Address, ...]


class WordsView(Answer):
    """What the party (`by` null) or a member of staff wrote."""

    kind: WordsKind
    subject: str | None
    body: str
    by: UUID | None
    at: AwareDatetime


class HappeningView(Answer):
    """One thing that happened to the ticket."""

    at: AwareDatetime
    actor: str
    action: str
    detail: dict[str, Any]


class TicketView(TicketRow):
    """A ticket whole. Whom it complains about sees neither who complained nor what was written."""

    report_id: UUID
    message_id: UUID | None
    medium: str
    member: bool
    phone_present: bool
    withheld: bool
    """Whether contact, words and the accused are kept from this reader."""
    contact: Contact | None
    words: tuple[WordsView, ...]
    accused_ids: tuple[UUID, ...]
    history: tuple[HappeningView, ...]
