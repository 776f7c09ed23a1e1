"""What goes over the drafts' routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import orjson
from pydantic import Field, ValidationError

from services.intake.drafts.model import Draft, Kind
from services.intake.visits.reception_schemas import ReceptionRequest
from services.intake.visits.schemas import VisitRequest
from shared.web.language import Language
from shared.web.problems import faults
from shared.web.schemas import Answer, Fault, Request

Content = Annotated[dict[str, Any], Field(max_length=50)]

APPLICATIONS: dict[Kind, type[VisitRequest] | type[ReceptionRequest]] = {
    "business": VisitRequest,
    "reception": ReceptionRequest,
}
"""What a draft of a kind becomes."""


class NewDraft(Request):
    """Whatever there is of an application; it need not be whole, and not even right."""

    kind: Kind
    content: Content = Field(default_factory=dict)


class SavedDraft(Request):
    """What the draft says now, instead of what was seen under `version`."""

    content: Content
    version: int = Field(ge=1)


class DraftView(Answer):
    """A draft, and what it lacks to be handed in."""

    draft_id: UUID
    kind: Kind
    content: dict[str, Any]
    created_at: datetime
    saved_at: datetime
    version: int
    missing: tuple[Fault, ...]

    @classmethod
    def of(cls, one: Draft, language: Language) -> Self:
        """The draft as it is told."""
        names = ("kind", "content", "created_at", "saved_at", "version")
        return cls(draft_id=one.id, missing=missing(one, language), **{name: getattr(one, name) for name in names})


class DraftList(Answer):
    """The caller's drafts, the newest first."""

    items: tuple[DraftView, ...]


def application(one: Draft) -> VisitRequest | ReceptionRequest:
    """The draft as a whole application. Raises ValidationError with everything that it lacks."""
    return APPLICATIONS[one.kind].model_validate_json(orjson.dumps(one.content))


def missing(one: Draft, language: Language) -> tuple[Fault, ...]:
    """Everything that the draft lacks."""
    try:
        application(one)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return faults([{**each, "loc": ("body", *each["loc"])} for each in found], language)
    return ()
