"""What visits are looked for by, and what is told of their past."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.intake.standards.model import Code
from services.intake.visits.store import Sought
from shared.web.fields import Instant
from shared.web.schemas import Answer, Request

State = Literal[
    "submitted",
    "levelled",
    "approving",
    "returned",
    "rejected",
    "expired",
    "withdrawn",
    "approved",
    "confirmed",
    "no_show",
    "arrived",
    "departed",
    "closed",
    "cancelled",
]


class VisitFilters(Request):
    """Everything that is given must hold."""

    state: State | None = None
    kind: Literal["business", "reception", "walk-in"] | None = None
    host_id: UUID | None = None
    department_id: UUID | None = None
    level: Code | None = None
    company: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """How its name begins, in upper or lower case."""
    since: Instant | None = None
    """Arrivals from this instant on."""
    until: Instant | None = None
    """Arrivals before this instant."""

    def sought(self) -> Sought:
        """As the store takes it."""
        return Sought(**{name: getattr(self, name) for name in VisitFilters.model_fields})


class VisitPage(VisitFilters):
    """A page of the visits that are looked for."""

    before: UUID | None = None
    """The last visit of the page before."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class HistoryEntry(Answer):
    """Who did what, when; `detail` says from what to what."""

    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]


class VisitHistory(Answer):
    """A visit's past, the oldest first."""

    items: tuple[HistoryEntry, ...]
