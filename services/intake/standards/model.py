"""A standard set: visitor levels × items, and where an item says so × the rank of the host who comes along (LV-02).

A level's letter means nothing by itself (A is the lowest in one company and the highest in the next): its rank does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from services.intake.standards.kinds import KINDS, Amount, Basis, Bound, CustomerClass, DayMeans, Kind, Organisation

Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,31}$")]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Minor = Annotated[int, Field(ge=0, le=10**9)]
"""Minor units of the set's currency."""

MOST_LEVELS = 50
MOST_RANKS = 10
MOST_ITEMS = 40


class Part(BaseModel):
    """A part of a set, the same in files, over HTTP and in the store."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)


class Words(Part):
    """What people read, in our two languages."""

    zh: str = Field(min_length=1, max_length=300)
    en: str = Field(min_length=1, max_length=300)


class Level(Part):
    """Who a visitor may be; a higher rank is a higher level."""

    code: Code
    rank: int = Field(ge=1, le=1_000)
    names: Words


class HostRank(Part):
    """The rank of the member of staff who comes along; a higher one is a higher rank."""

    code: Code
    rank: int = Field(ge=1, le=1_000)
    names: Words


class Item(Part):
    """Something that a reception may cost or need."""

    code: Code
    names: Words
    by_host_rank: bool = False
    """Whether its cells depend on the host's rank too."""
    day_means: DayMeans = "day"
    meals_a_day: int = Field(default=1, ge=0, le=5)
    """Where it is counted by meals: how many on each day that the guests are here."""
    meals_a_night: int = Field(default=0, ge=0, le=5)
    """The same for each night, as breakfast is."""


class Reading(Part):
    """What a cell says, or one way to read a cell that is not clear."""

    kind: Kind
    lower: Minor | None = None
    upper: Minor | None = None
    basis: Basis | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _has_the_amounts_of_its_kind(self) -> Self:
        rule = KINDS[self.kind]
        for value, wanted in ((self.lower, rule.lower), (self.upper, rule.upper)):
            if (wanted is Amount.NEEDED and value is None) or (wanted is Amount.NONE and value is not None):
                raise PydanticCustomError("cell_amounts", "the amounts do not fit the kind")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise PydanticCustomError("cell_range", "the lower amount is above the upper one")
        if (self.basis is not None) != (rule.bound is Bound.UPPER):
            raise PydanticCustomError("cell_basis", "the basis does not fit the kind")
        return self


class Place(NamedTuple):
    """Where a cell stands; `host_rank` None where its item does not depend on it."""

    item: str
    level: str
    host_rank: str | None

    def __str__(self) -> str:
        return "/".join(part for part in self if part)


class CellContent(Reading):
    """What somebody writes into a cell. Where nobody knows yet, `readings` are the ways in which it may be meant."""

    item: Code
    level: Code
    host_rank: Code | None = None
    readings: tuple[Reading, ...] = Field(default=(), max_length=5)

    @model_validator(mode="after")
    def _is_open_or_settled(self) -> Self:
        if any(reading.kind == "needs-confirmation" for reading in self.readings):
            raise PydanticCustomError("cell_readings", "a reading that is itself not clear")
        if self.kind == "needs-confirmation" and not self.readings:
            raise PydanticCustomError("cell_readings", "no reading to choose from")
        return self

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.item, self.level, self.host_rank)


class Cell(CellContent):
    """One cell of a set, and who confirmed it where it was unclear."""

    confirmed_by: UUID | None = None
    confirmed_at: datetime | None = None

    def confirmed(self, reading: Reading, *, by: UUID, at: datetime) -> Cell:
        """The cell as somebody has settled it; how else it might have been read stays with it."""
        return self.model_copy(
            update={name: getattr(reading, name) for name in Reading.model_fields}
            | {"confirmed_by": by, "confirmed_at": at}
        )


class Proposal(Part):
    """A row of the rules that propose a level: all that it names must hold."""

    level: Code
    titles: tuple[Word, ...] = Field(default=(), max_length=100)
    """Any of these in a guest's title."""
    titles_not: tuple[Word, ...] = Field(default=(), max_length=100)
    """Words that make a title mean somebody else: a manager's assistant is no manager."""
    organisations: tuple[Organisation, ...] = ()
    customer_classes: tuple[CustomerClass, ...] = ()
    guests_from: int | None = Field(default=None, ge=2, le=500)

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not (self.titles or self.organisations or self.customer_classes or self.guests_from):
            raise PydanticCustomError("proposal_empty", "a rule without a condition")
        return self


class Outline(Part):
    """What a set is about, without its cells."""

    names: Words
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    levels: tuple[Level, ...] = Field(min_length=1, max_length=MOST_LEVELS)
    host_ranks: tuple[HostRank, ...] = Field(default=(), max_length=MOST_RANKS)
    items: tuple[Item, ...] = Field(min_length=1, max_length=MOST_ITEMS)
    proposals: tuple[Proposal, ...] = Field(default=(), max_length=200)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for each in (
            [level.code for level in self.levels],
            [rank.code for rank in self.host_ranks],
            [item.code for item in self.items],
            [level.rank for level in self.levels],
            [rank.rank for rank in self.host_ranks],
        ):
            if len(set(each)) < len(each):
                raise PydanticCustomError("outline_twice", "a code or a rank stands twice")
        if not self.host_ranks and any(item.by_host_rank for item in self.items):
            raise PydanticCustomError("outline_ranks", "an item depends on the host's rank and there are no ranks")
        if not {row.level for row in self.proposals} <= {level.code for level in self.levels}:
            raise PydanticCustomError("outline_levels", "a rule proposes a level that is not there")
        return self

    def places(self) -> list[Place]:
        """Every cell that a whole set has, in the order of the table."""
        return [
            Place(item.code, level.code, rank)
            for item in self.items
            for level in self.levels
            for rank in ([each.code for each in self.host_ranks] if item.by_host_rank else [None])
        ]


@dataclass(frozen=True, slots=True)
class StandardSet:
    """One edition of a company's standards. `edition` counts those under a code, `version` every change of this one."""

    id: UUID
    code: str
    edition: int
    state: str
    outline: Outline
    copied_from: UUID | None
    created_by: str
    created_at: datetime
    published_by: str | None = None
    published_at: datetime | None = None
    retired_by: str | None = None
    retired_at: datetime | None = None
    version: int = 1


def missing(outline: Outline, cells: dict[Place, Cell]) -> list[Place]:
    """The places of a set that have no cell yet; a set is published only when there are none."""
    return [place for place in outline.places() if place not in cells]
