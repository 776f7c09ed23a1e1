"""The kinds of cells and what amounts are counted by, as tables (LV-03). Code elsewhere interprets them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Kind = Literal[
    "cap",
    "range",
    "reference",
    "no-cap",
    "as-required",
    "provided",
    "included",
    "not-offered",
    "guest-pays",
    "self-arranged",
    "not-applicable",
    "needs-confirmation",
]
Basis = Literal["room-night", "person-night", "day", "person-meal", "person", "piece", "bottle", "visit"]


class Amount(StrEnum):
    """Whether a cell of a kind has an amount."""

    NEEDED = "needed"
    POSSIBLE = "possible"
    NONE = "none"


class Bound(StrEnum):
    """What a cell of a kind lets us spend."""

    UPPER = "upper"
    """Its upper amount times what it is counted by. Only this end binds: a lower one tells what is usual."""
    OPEN = "open"
    """No figure of the standard: whatever the approver agrees to."""
    NOTHING = "nothing"
    UNKNOWN = "unknown"
    """Nobody knows yet: it can be planned by, and not approved by."""


@dataclass(frozen=True, slots=True)
class KindRule:
    """One row: which amounts a cell of this kind has, and what binds."""

    lower: Amount
    upper: Amount
    bound: Bound


KINDS: dict[Kind, KindRule] = {
    "cap": KindRule(Amount.NONE, Amount.NEEDED, Bound.UPPER),
    "range": KindRule(Amount.NEEDED, Amount.NEEDED, Bound.UPPER),
    "reference": KindRule(Amount.POSSIBLE, Amount.NEEDED, Bound.UPPER),
    "no-cap": KindRule(Amount.NONE, Amount.NONE, Bound.OPEN),
    # What has to be done is judged visit by visit.
    "as-required": KindRule(Amount.NONE, Amount.NONE, Bound.OPEN),
    # In kind, as the note says: who receives, which car, which room. The standard names no price.
    "provided": KindRule(Amount.NONE, Amount.NONE, Bound.OPEN),
    # In the price of something else: no money of its own.
    "included": KindRule(Amount.NONE, Amount.NONE, Bound.NOTHING),
    "not-offered": KindRule(Amount.NONE, Amount.NONE, Bound.NOTHING),
    "guest-pays": KindRule(Amount.NONE, Amount.NONE, Bound.NOTHING),
    "self-arranged": KindRule(Amount.NONE, Amount.NONE, Bound.NOTHING),
    # This level and this rank do not go together, so nothing is foreseen for them.
    "not-applicable": KindRule(Amount.NONE, Amount.NONE, Bound.NOTHING),
    "needs-confirmation": KindRule(Amount.NONE, Amount.NONE, Bound.UNKNOWN),
}

Organisation = Literal[
    "company",
    "key-account",
    "national-government",
    "provincial-government",
    "city-government",
    "national-institute",
    "university",
    "bank",
    "other",
]
CustomerClass = Literal["vip", "core", "potential", "regular"]

Factor = Literal["guests", "diners", "rooms", "nights", "days", "meals"]

COUNTED_BY: dict[Basis, tuple[Factor, ...] | None] = {
    "room-night": ("rooms", "nights"),
    "person-night": ("guests", "nights"),
    "day": ("days",),
    "person-meal": ("diners", "meals"),
    "person": ("guests",),
    "piece": None,
    "bottle": None,
    "visit": (),
}
"""How often an amount counts: the product of these. None: the plan says how many, the standard what one may cost."""

DayMeans = Literal["day", "night", "room-night"]

DAY_MEANS: dict[DayMeans, tuple[Factor, ...]] = {
    "day": ("days",),
    "night": ("nights",),
    "room-night": ("rooms", "nights"),
}
"""What "a day" of an item is: lodging at so much a day is meant for a room and its night (our default)."""
