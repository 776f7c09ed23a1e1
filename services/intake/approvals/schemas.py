"""What goes over the approvals' routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from services.intake.approvals.model import Approval, Delegation, Route
from services.intake.standards.model import Code, Minor
from shared.kernel.money import Money
from shared.web.fields import Instant
from shared.web.schemas import Answer, Request

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]


class WaitingView(Answer):
    """A step that waits for the caller: what it is about stands at its visit."""

    visit_id: UUID
    revision: int
    step: int
    steps: int
    route: str
    role: str
    acting_for: UUID | None
    snapshot: dict[str, Any]
    digest: str | None
    requested_at: datetime

    @classmethod
    def of(cls, one: Approval) -> Self:
        """The step as it is told."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class WaitingList(Answer):
    """What waits for the caller, the oldest first."""

    items: tuple[WaitingView, ...]


class RouteList(Answer):
    """The routes that departments may take."""

    items: tuple[Route, ...]


class RouteChoice(Request):
    """The route that a department takes; null: the one of the departments above it."""

    route: Code | None


class RouteChosen(Answer):
    """What a department has chosen."""

    department_id: UUID
    route: str | None


class DelegationRequest(Request):
    """Lets somebody decide in the caller's place up to an amount, in minor units (AP-03)."""

    delegate_id: UUID
    cap: Minor
    currency: Currency
    department_id: UUID | None = None
    """Only what is asked of this department."""
    starts: Instant | None = None
    """Now, if not given."""
    ends: Instant | None = None

    def amount(self) -> Money:
        """As the command takes it."""
        return Money(self.cap, self.currency)


class DelegationView(Answer):
    """A delegation."""

    delegation_id: UUID
    principal_id: UUID
    delegate_id: UUID
    department_id: UUID | None
    cap: int
    currency: str
    starts: datetime
    ends: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, one: Delegation) -> Self:
        """The delegation as it is told."""
        names = ("principal_id", "delegate_id", "department_id", "starts", "ends", "ended_at")
        same = {name: getattr(one, name) for name in names}
        return cls(delegation_id=one.id, cap=one.cap.minor, currency=one.cap.currency, **same)


class DelegationList(Answer):
    """What the caller gave or got, the newest first."""

    items: tuple[DelegationView, ...]
