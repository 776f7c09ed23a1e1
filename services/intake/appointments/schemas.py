"""What goes over the routes of appointments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from services.intake.appointments.commands import Booking
from services.intake.appointments.model import Offer
from services.intake.standards.model import Words
from services.intake.visits.schemas import GuestRequest
from shared.web.fields import Instant
from shared.web.schemas import Answer, Request

OFFER_CODE = "^[a-z][a-z0-9-]{1,62}$"
_A_DAY = 24 * 60

Plate = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=20)]
"""A vehicle's number plate, of whatever country."""


class OfferRequest(Request):
    """What is offered, whole. Slots lie one after the other in the department's working time."""

    department_id: UUID
    host_id: UUID
    """Who receives who comes; who stands in, where that person is absent then."""
    names: Words
    minutes: int = Field(ge=5, le=_A_DAY)
    places: int = Field(default=1, ge=1, le=500)
    days_ahead: int = Field(default=14, ge=0, le=90)
    notice_minutes: int = Field(default=60, ge=0, le=30 * _A_DAY)
    """How long before its begin a slot is offered at the latest."""
    asks_plate: bool = False
    closed: bool = False
    """Not offered any more; who has a place keeps it."""

    def offer(self, code: str) -> Offer:
        """As the command takes it."""
        return Offer(code=code, **{name: getattr(self, name) for name in type(self).model_fields})


class OfferView(Answer):
    """An offer."""

    code: str
    department_id: UUID
    host_id: UUID
    names: Words
    minutes: int
    places: int
    days_ahead: int
    notice_minutes: int
    asks_plate: bool
    closed: bool
    version: int

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """The offer as it is told."""
        return cls(**{name: getattr(offer, name) for name in cls.model_fields})


class OfferList(Answer):
    """What is offered, by code, also what is not offered any more."""

    items: tuple[OfferView, ...]


class SlotView(Answer):
    """A span in which somebody may come; `left`: places that nobody has."""

    starts: datetime
    ends: datetime
    left: int


class SlotList(Answer):
    """The slots of a day, the first first."""

    zone: str
    items: tuple[SlotView, ...]


class AppointmentRequest(Request):
    """A slot for a guest who asked by phone or at the desk."""

    offer: str = Field(pattern=OFFER_CODE)
    starts: Instant
    guest: GuestRequest
    head_count: int = Field(default=1, ge=1, le=500)
    plate: Plate | None = None

    def booking(self) -> Booking:
        """As the command takes it."""
        guest = self.guest.claim(vouched=True)
        return Booking(self.offer, self.starts, guest, self.head_count, self.plate)


class MoveRequest(Request):
    """When the slot begins that is wanted instead."""

    starts: Instant
