"""What makes a new approval necessary: a row per thing that may have risen since the last one. Pure.

Other dates, fewer guests, a cheaper plan need none; what costs more than was seen, or somebody else's money, does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.intake.standards.kinds import KINDS, Bound

Snapshot = Mapping[str, Any]

_PER_PERSON = frozenset({"person", "person-night", "person-meal"})
_NOTHING = frozenset(kind for kind, rule in KINDS.items() if rule.bound is Bound.NOTHING)


def _more(field: str) -> Callable[[Snapshot, Snapshot], bool]:
    return lambda before, after: after[field] > before[field]


def _other(*fields: str) -> Callable[[Snapshot, Snapshot], bool]:
    return lambda before, after: any(after[field] != before[field] for field in fields)


def _guests(before: Snapshot, after: Snapshot) -> bool:
    return after["guests"] > before["guests"] and any(line["basis"] in _PER_PERSON for line in after["lines"])


def _cap(before: Snapshot, after: Snapshot) -> bool:
    seen = {line["item"]: line for line in before["lines"]}
    return any(
        line["item"] not in seen or any(_above(seen[line["item"]][end], line[end]) for end in ("upper", "cap"))
        for line in after["lines"]
        if line["kind"] not in _NOTHING
    )


def _above(before: int | None, after: int | None) -> bool:
    """No figure is above every figure: nothing binds there."""
    return before is not None and (after is None or after > before)


RISES: dict[str, Callable[[Snapshot, Snapshot], bool]] = {
    "standard-set": _other("standard_set", "edition", "currency"),
    "level": _more("level_rank"),
    "host-rank": _more("host_rank_rank"),
    "budget": _more("planned"),
    "cap": _cap,
    "guests": _guests,
    "nights": _more("nights"),
    "bearer": _other("bearer"),
}
"""Name → whether it is so, from the snapshot that was approved to the one that is now."""


def rises(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Why what is now needs an approval of its own; empty where the one that there is still covers it."""
    return tuple(name for name, risen in RISES.items() if risen(before, after))
