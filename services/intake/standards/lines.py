"""From cells to lines: what a visit of a level may cost, by head-count and nights. Pure; money only in minor units."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod

from services.intake.standards.kinds import COUNTED_BY, DAY_MEANS, KINDS, Bound, Factor
from services.intake.standards.model import Cell, Item, Place, StandardSet
from shared.kernel.errors import Refused
from shared.kernel.money import Money, total


@dataclass(frozen=True, slots=True)
class Stay:
    """How many come, for how long. Companions are those of us who sit at table with them.

    Each guest has a room unless `rooms` says that some share one; a visit of n nights has n + 1 days (our defaults).
    Raises Refused(`too-many-rooms`, 422).
    """

    guests: int
    nights: int
    rooms: int | None = None
    companions: int = 0

    def __post_init__(self) -> None:
        if self.guests < 1 or min(self.nights, self.companions, self.rooms or 0) < 0:
            raise ValueError("a stay has a guest, and counts nothing below zero")
        if self.rooms is not None and self.rooms > self.guests:
            # A cap grows with the rooms: empty ones must not raise it.
            raise Refused("too-many-rooms", status=422, field="rooms", expected=f"at most {self.guests}")


@dataclass(frozen=True, slots=True)
class Line:
    """What the standard says of one item for one visit.

    `upper` is for one of what is counted; `counted` is how many there are, None where the plan says it (pieces,
    bottles) or nothing is counted; `cap` is their product, zero where nothing is foreseen, None where no figure binds.
    """

    item: str
    cell: Cell
    bound: Bound
    upper: Money | None
    counted: int | None
    cap: Money | None


@dataclass(frozen=True, slots=True)
class Lines:
    """A visit's lines under exactly one edition of one set: what an approval keeps (LV-06)."""

    set_code: str
    edition: int
    currency: str
    level: str
    level_rank: int
    host_rank: str | None
    host_rank_rank: int
    """Zero where no host's rank was said."""
    stay: Stay
    lines: tuple[Line, ...]

    @property
    def total(self) -> Money:
        """The sum of all caps that are figures; what is open or counted by the plan comes on top."""
        return total((line.cap for line in self.lines if line.cap is not None), self.currency)

    @property
    def unconfirmed(self) -> tuple[Place, ...]:
        """The cells that nobody has confirmed yet."""
        return tuple(line.cell.place for line in self.lines if line.bound is Bound.UNKNOWN)

    def line(self, item: str) -> Line | None:
        """The line of an item; None where the visit has none."""
        return next((line for line in self.lines if line.item == item), None)

    def require_confirmed(self) -> None:
        """For approvals: an unclear cell is no ground to approve on. Raises Refused(`cells-unconfirmed`, 409)."""
        if self.unconfirmed:
            raise Refused(
                "cells-unconfirmed",
                expected=f"a person to confirm first: {', '.join(map(str, self.unconfirmed))}",
            )


def lines(
    standard_set: StandardSet,
    cells: Mapping[Place, Cell],
    *,
    level: str,
    host_rank: str | None,
    stay: Stay,
    items: Collection[str] | None = None,
) -> Lines:
    """The lines of a visit, of all items or of those it needs.

    Raises Refused: `level-unknown`, `host-rank-unknown`, `item-unknown` (422), `cell-missing` (409, only in a draft).
    """
    outline = standard_set.outline
    levels = {each.code: each.rank for each in outline.levels}
    if level not in levels:
        raise Refused("level-unknown", status=422, field="level", expected=f"one of {', '.join(levels)}")
    known = [item.code for item in outline.items]
    if not set(items or ()) <= set(known):
        raise Refused("item-unknown", status=422, field="items", expected=f"one of {', '.join(known)}")
    chosen = [item for item in outline.items if items is None or item.code in items]
    ranks = {rank.code: rank.rank for rank in outline.host_ranks}
    if any(item.by_host_rank for item in chosen) and host_rank not in ranks:
        raise Refused("host-rank-unknown", status=422, field="host_rank", expected=f"one of {', '.join(ranks)}")
    return Lines(
        set_code=standard_set.code,
        edition=standard_set.edition,
        currency=outline.currency,
        level=level,
        level_rank=levels[level],
        host_rank=host_rank,
        host_rank_rank=ranks.get(host_rank or "", 0),
        stay=stay,
        lines=tuple(_line(item, _cell(cells, item, level, host_rank), stay, outline.currency) for item in chosen),
    )


def count(item: Item, cell: Cell, stay: Stay) -> int | None:
    """How often the cell's amount counts in this stay; None where the plan has to say it."""
    assert cell.basis is not None
    factors = DAY_MEANS[item.day_means] if cell.basis == "day" else COUNTED_BY[cell.basis]
    of = _factors(item, stay)
    return None if factors is None else prod(of[factor] for factor in factors)


def _factors(item: Item, stay: Stay) -> dict[Factor, int]:
    days = stay.nights + 1
    return {
        "guests": stay.guests,
        "diners": stay.guests + stay.companions,
        "rooms": stay.guests if stay.rooms is None else stay.rooms,
        "nights": stay.nights,
        "days": days,
        "meals": item.meals_a_day * days + item.meals_a_night * stay.nights,
    }


def _line(item: Item, cell: Cell, stay: Stay, currency: str) -> Line:
    bound = KINDS[cell.kind].bound
    if bound is not Bound.UPPER:
        nothing = Money(0, currency) if bound is Bound.NOTHING else None
        return Line(item.code, cell, bound, upper=None, counted=None, cap=nothing)
    assert cell.upper is not None
    upper, counted = Money(cell.upper, currency), count(item, cell, stay)
    return Line(item.code, cell, bound, upper, counted, None if counted is None else upper * counted)


def _cell(cells: Mapping[Place, Cell], item: Item, level: str, host_rank: str | None) -> Cell:
    place = Place(item.code, level, host_rank if item.by_host_rank else None)
    if place not in cells:
        raise Refused("cell-missing", field="level", expected=f"a cell at {place}")
    return cells[place]
