"""What goes over the visits' routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.intake.approvals.model import Approval
from services.intake.calendars.schemas import Warned
from services.intake.parties.model import Address, Claim
from services.intake.settings import settings
from services.intake.visits.model import Visit
from services.intake.visits.requesting import Wish
from shared.web.fields import Email, Instant, LanguageTag, Phone, Zone
from shared.web.schemas import Answer, Request

Reason = Annotated[str, Field(min_length=1, max_length=500)]


class GuestRequest(Request):
    """Who comes, and how to reach them: a phone number or an e-mail address at least."""

    name: str = Field(min_length=1, max_length=200)
    phone: Phone | None = None
    email: Email | None = None
    language: LanguageTag | None = None
    zone: Zone | None = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.phone is None and self.email is None:
            raise PydanticCustomError("guest_address", "a phone number or an e-mail address is needed")
        return self

    def claim(self, *, vouched: bool) -> Claim:
        """The guest as parties know people; `vouched` where a member of staff names them."""
        return Claim(self.name, addresses_of(self.phone, self.email), self.language, self.zone, vouched)


def addresses_of(phone: str | None, email: str | None) -> tuple[Address, ...]:
    """The addresses that were given."""
    secret = settings().address_secret.get_secret_value().encode()
    given: tuple[tuple[Literal["phone", "email"], str | None], ...] = (("phone", phone), ("email", email))
    return tuple(Address.of(secret, kind, value) for kind, value in given if value is not None)


class DatesRequest(Request):
    """When the guest comes and goes."""

    arrival: Instant
    departure: Instant
    short_notice_reason: Reason | None = None
    """Why it cannot wait, where the notice is shorter than ours."""


class WishRequest(DatesRequest):
    """What is asked for."""

    purpose: str = Field(min_length=1, max_length=2_000)
    head_count: int = Field(default=1, ge=1, le=500)

    def wish(self) -> Wish:
        """As the command takes it."""
        return Wish(self.arrival, self.departure, self.purpose, self.head_count, self.short_notice_reason)


class ApplicationRequest(WishRequest):
    """Somebody wants to come, or one of us wants somebody to come."""

    guest: GuestRequest
    host_id: UUID | None = None
    host_email: Email | None = None
    """The host by e-mail address, instead of `host_id`."""
    zone: Zone | None = None
    """Where the guest is received; the host's zone, if not given."""

    @model_validator(mode="after")
    def _has_one_host(self) -> Self:
        if (self.host_id is None) == (self.host_email is None):
            raise PydanticCustomError("visit_host", "either host_id or host_email is needed")
        return self


class VisitRequest(ApplicationRequest):
    """A visit that needs no level and no budget."""

    kind: Literal["business"] = "business"


class ApproveRequest(Request):
    """A decision is about exactly the revision that was seen."""

    revision: int = Field(ge=1)
    digest: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """Of the snapshot that was seen; where it is given, another one is refused."""


class ReasonedDecision(ApproveRequest):
    """A decision that needs a reason."""

    reason: Reason


class CancelRequest(Request):
    """Why the visit is called off."""

    reason: Reason | None = None


class DepartRequest(Request):
    """When the guest left; now, if not given."""

    departed_at: Instant | None = None


class RequestedAnswer(Answer):
    """What a channel gets: the request is stored and waits for its approval."""

    id: UUID


class ApprovalView(Answer):
    """One approval step of one revision, with what the approver saw."""

    revision: int
    step: int
    steps: int
    """How many the route has for this visit."""
    route: str
    role: str
    state: str
    approver_id: UUID
    acting_for: UUID | None
    delegation_id: UUID | None
    snapshot: dict[str, Any]
    digest: str | None
    """SHA-256 in hex of the snapshot as JSON with sorted keys."""
    reason: str | None
    decided_at: datetime | None
    decided_by: UUID | None


class VisitView(Answer):
    """A visit."""

    visit_id: UUID
    kind: str
    state: str
    revision: int
    party_id: UUID
    asked_by_guest: bool
    requester_id: UUID | None
    host_id: UUID
    department_id: UUID
    purpose: str
    head_count: int
    arrival: datetime
    departure: datetime
    zone: str
    short_notice_reason: str | None
    arrived_at: datetime | None
    departed_at: datetime | None
    departure_assumed: bool
    home_arrival: datetime | None
    callback_outcome: str | None
    company: str | None
    level: str | None
    guest_kind: str | None
    identity: str | None
    version: int
    warnings: tuple[Warned, ...] = ()
    """What is to be known of a request that was just made or moved."""

    @classmethod
    def of(cls, visit: Visit, warnings: tuple[Warned, ...] = ()) -> Self:
        """The visit as it is told."""
        same = {name: getattr(visit, name) for name in cls.model_fields if name not in ("visit_id", "warnings")}
        return cls(visit_id=visit.id, warnings=warnings, **same)


class VisitDetail(Answer):
    """A visit with its approvals."""

    visit: VisitView
    approvals: tuple[ApprovalView, ...]

    @classmethod
    def with_approvals(cls, visit: Visit, approvals: list[Approval]) -> Self:
        """Both as they are told."""
        return cls(
            visit=VisitView.of(visit),
            approvals=tuple(
                ApprovalView(**{name: getattr(one, name) for name in ApprovalView.model_fields}) for one in approvals
            ),
        )


class VisitList(Answer):
    """Visits, the latest arrival first."""

    items: tuple[VisitView, ...]
    next: UUID | None
    """Give it as `before` for the next page; null on the last."""
