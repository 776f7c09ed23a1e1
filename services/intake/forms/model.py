"""What the application form of a reception says, beside when and why (FM-01, VR-03, VR-10). Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.intake.approvals.model import Scale
from services.intake.standards.kinds import Organisation
from services.intake.standards.model import Minor, Part, Word

MOST_VISITORS = 500
NOBODY = "–"
"""In the place of names that are erased."""


class Visitor(Part):
    """One of those who come. There may be fewer than the head-count: not everybody is known by name."""

    name: Word
    gender: Literal["female", "male", "other"] | None = None
    title: Word | None = None
    phone: str | None = Field(default=None, max_length=40)
    note: str | None = Field(default=None, max_length=300)


class Transport(Part):
    """How they come, or leave: flight, train or ship with its number, from where to where, when."""

    means: Literal["flight", "train", "ship", "car", "other"]
    number: str | None = Field(default=None, max_length=40)
    departs_from: Word | None = None
    arrives_at: Word | None = None
    departs: datetime | None = None
    arrives: datetime | None = None


class Gift(Part):
    """Presents of one kind. `each`: what one costs, in minor units of the standard set's currency."""

    category: Literal["electronics", "culture", "crafts", "household"]
    name: Word
    each: Minor
    pieces: int = Field(ge=1, le=1_000)


class Form(Part):
    """The form of one revision. `organisation` is the kind of organisation, by which a level is proposed."""

    company: str = Field(min_length=1, max_length=200)
    organisation: Organisation | None = None
    visitors: tuple[Visitor, ...] = Field(min_length=1, max_length=MOST_VISITORS)
    inbound: Transport | None = None
    outbound: Transport | None = None
    meeting_point: Literal["airport", "station", "other"] | None = None
    meeting_place: Word | None = None
    """Which airport, which station, which place."""
    wishes: tuple[Literal["flowers", "welcome", "special-car"], ...] = Field(default=(), max_length=3)
    gifts: tuple[Gift, ...] = Field(default=(), max_length=20)
    deliver_to_place: Word | None = None
    deliver_to_person: Word | None = None
    topics: str | None = Field(default=None, max_length=4_000)
    """What is to be talked about."""
    services: tuple[Literal["video", "photos", "interpreter", "minutes", "other"], ...] = Field(
        default=(), max_length=5
    )
    other_services: str | None = Field(default=None, max_length=500)
    cooperating_department_ids: tuple[UUID, ...] = Field(default=(), max_length=30)
    rooms: int | None = Field(default=None, ge=0, le=MOST_VISITORS)
    """Hotel rooms where some share one; a room each, if not given."""
    companions: int = Field(default=0, ge=0, le=100)
    """Those of us who sit at table with the guests."""
    scale: Scale = "general"

    @model_validator(mode="after")
    def _says_what_is_other(self) -> Self:
        if self.meeting_point == "other" and self.meeting_place is None:
            raise PydanticCustomError("meeting_place", "where, if at neither airport nor station")
        if "other" in self.services and self.other_services is None:
            raise PydanticCustomError("other_services", "which other services")
        return self

    @property
    def without_people(self) -> Form:
        """What is left when the party is erased: all that was agreed to, and nobody."""
        kept = {name: getattr(self, name) for name in _IMPERSONAL}
        said = {name: NOBODY for name in ("meeting_place", "other_services") if getattr(self, name) is not None}
        return Form(company=NOBODY, visitors=(Visitor(name=NOBODY),), **kept, **said)

    @property
    def titles(self) -> tuple[str, ...]:
        """What the visitors are, as far as it is known."""
        return tuple(visitor.title for visitor in self.visitors if visitor.title is not None)


_IMPERSONAL = (
    "organisation",
    "meeting_point",
    "wishes",
    "gifts",
    "services",
    "cooperating_department_ids",
    "rooms",
    "companions",
    "scale",
)


def agreed(form: Form) -> dict[str, Any]:
    """What an approver agrees to besides level and money: JSON without anything about people."""
    return {
        "scale": form.scale,
        "meeting_point": form.meeting_point,
        "wishes": sorted(form.wishes),
        "services": sorted(form.services),
        "gifts": [{"category": gift.category, "each": gift.each, "pieces": gift.pieces} for gift in form.gifts],
        "cooperating_department_ids": sorted(map(str, form.cooperating_department_ids)),
    }
