"""What goes over the API of callbacks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.callbacks.callbacks.model import Callback, Outcome
from services.callbacks.rules.catalogue import RULES
from services.callbacks.rules.model import Mode, SubjectKind
from shared.contracts.events.party_changed import PartyChanged
from shared.web.schemas import Answer, Request

State = Literal[
    "planned",
    "due",
    "appointed",
    "in_progress",
    "unreached",
    "completed",
    "given_up",
    "refused",
    "wrong_person",
    "cancelled",
    "superseded",
]


class AttemptRequest(Request):
    """What came of a call."""

    result: Literal["reached", "unreached"]


class GiveUpRequest(Request):
    """Why it is not tried any more."""

    reason: Literal["no-answer", "no-contact"]


class CallbackView(Answer):
    """A callback without anything about the person."""

    callback_id: UUID
    rule: str
    script: str
    subject_kind: SubjectKind
    subject_id: UUID
    subject_number: str | None
    occasion: int
    party_id: UUID
    mode: Mode
    state: State
    attempt: int
    due: datetime
    latest: datetime
    answer_until: datetime | None
    needs_person: bool
    outcome: Outcome | None
    contact_wanted: bool
    end_reason: str | None
    ended_at: datetime | None
    version: int

    @classmethod
    def of(cls, callback: Callback) -> CallbackView:
        """The view of `callback`."""
        return cls.model_validate(_fields(callback))


class AttemptView(Answer):
    """One attempt and what came of it."""

    number: int
    due_at: datetime
    mode: Mode
    result: Literal["asked", "unreached", "failed"] | None
    by: UUID | None
    at: datetime | None


class Contact(Answer):
    """Whom to call, for those who may do this callback."""

    name: str | None
    language: str
    zone: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]

    @classmethod
    def of(cls, party: PartyChanged) -> Contact:
        """The contact data of `party`."""
        return cls(
            name=party.name,
            language=party.language,
            zone=party.zone,
            phones=tuple(a.value for a in party.addresses if a.kind == "phone"),
            emails=tuple(a.value for a in party.addresses if a.kind == "email"),
        )


class CallbackDetail(CallbackView):
    """A callback with its attempts and, for those who may do it, whom to call."""

    attempts: tuple[AttemptView, ...]
    contact: Contact | None

    @classmethod
    def with_attempts(
        cls, callback: Callback, attempts: list[dict[str, Any]], party: PartyChanged | None
    ) -> CallbackDetail:
        """The view of `callback`; `party` None hides whom to call."""
        return cls.model_validate(
            {
                **_fields(callback),
                "attempts": tuple(
                    AttemptView.model_validate({name: row[name] for name in AttemptView.model_fields})
                    for row in attempts
                ),
                "contact": None if party is None else Contact.of(party),
            }
        )


class CallbackPage(Answer):
    """Some callbacks in the order they are due."""

    items: tuple[CallbackView, ...]
    next: UUID | None
    """Give it as `after` for the following ones; None at the end."""


def _fields(callback: Callback) -> dict[str, Any]:
    same = {name: getattr(callback, name) for name in CallbackView.model_fields if hasattr(callback, name)}
    return {**same, "callback_id": callback.id, "script": RULES[callback.rule].script}
