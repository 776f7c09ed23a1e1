"""What goes over the desk's routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.intake.desk.commands import WalkIn
from services.intake.desk.model import ApplicantForm, GuestKind, Identity
from services.intake.parties.model import Claim
from services.intake.visits.schemas import addresses_of
from shared.web.fields import Email, Instant, LanguageTag, Phone
from shared.web.schemas import Answer, Request


class WalkInGuest(Request):
    """Who stands at the desk. Without an address nobody asks afterwards how it was."""

    name: str = Field(min_length=1, max_length=200)
    phone: Phone | None = None
    email: Email | None = None
    language: LanguageTag | None = None


class WalkInRequest(Request):
    """Somebody comes without an appointment (IN-04)."""

    guest: WalkInGuest
    guest_kind: GuestKind
    purpose: str = Field(min_length=1, max_length=2_000)
    head_count: int = Field(default=1, ge=1, le=500)
    company: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    identity: Identity | None = None
    host_id: UUID | None = None
    host_email: Email | None = None
    """The host by e-mail address, instead of `host_id`."""
    departure: Instant | None = None
    """In an hour, if not given."""
    has_papers: bool = True
    """Whether an applicant has brought a curriculum vitae; without one the form is needed."""
    form: ApplicantForm | None = None

    @model_validator(mode="after")
    def _has_one_host(self) -> Self:
        if (self.host_id is None) == (self.host_email is None):
            raise PydanticCustomError("visit_host", "either host_id or host_email is needed")
        return self

    def walk_in(self) -> WalkIn:
        """As the command takes it."""
        guest = self.guest
        return WalkIn(
            guest=Claim(guest.name, addresses_of(guest.phone, guest.email), guest.language, None, vouched=True),
            guest_kind=self.guest_kind,
            purpose=self.purpose,
            head_count=self.head_count,
            company=self.company,
            identity=self.identity,
            departure=self.departure,
            has_papers=self.has_papers,
            form=self.form,
        )


class ArriveRequest(Request):
    """By what the desk made sure who came (IN-06)."""

    identity: Identity | None = None


class ExtendRequest(Request):
    """Until when the guest stays now."""

    departure: Instant


class ExpectedView(Answer):
    """Somebody who is expected today, or is here."""

    visit_id: UUID
    kind: str
    state: str
    guest: str | None
    company: str | None
    head_count: int
    host_id: UUID
    host: str | None
    arrival: datetime
    departure: datetime
    plate: str | None
    """Of the vehicle that the appointment is about (FM-06)."""


class ExpectedList(Answer):
    """Who is expected, the first first."""

    items: tuple[ExpectedView, ...]
