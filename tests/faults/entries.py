"""What was asked of the house: every request, when, under which key, and every answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.kernel import clock

Kind = Literal["complaint", "enquiry", "visit", "outside", "act", "answer"]

DOORS: tuple[Kind, ...] = ("complaint", "enquiry", "visit", "outside")
"""What people and channels begin; the rest follows from it."""


@dataclass(frozen=True, slots=True)
class Try:
    """One sending of a request. `answer` is a status, `acknowledged`, or the class of what went wrong."""

    at: datetime
    answer: int | str
    seconds: float

    @property
    def good(self) -> bool:
        """Whether the house has taken it on."""
        return self.answer == "acknowledged" or (isinstance(self.answer, int) and 200 <= self.answer < 300)


@dataclass(slots=True)
class Entry:
    """One request. It may be sent several times under one key."""

    kind: Kind
    key: str
    """Idempotency-Key, or the id of an outside event."""
    meant_at: datetime
    what: str = ""
    """Of acts: service, thing and command."""
    thing: str | None = None
    """The id in the answer; of acts, what it is about."""
    tries: list[Try] = field(default_factory=list)
    asks_again: bool = True
    """Whether the caller repeats what got no good answer."""

    @property
    def taken(self) -> bool:
        """Whether some try got a good answer."""
        return any(each.good for each in self.tries)

    @property
    def refused(self) -> bool:
        """Whether the last answer says that asking again is of no use."""
        last = self.tries[-1].answer if self.tries else None
        return isinstance(last, int) and 400 <= last < 500 and last not in (409, 425, 429)


class Ledger:
    """Every entry of a run, in order."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def open(self, kind: Kind, key: str, *, what: str = "", thing: str | None = None) -> Entry:
        """Writes a request down before it is sent."""
        entry = Entry(kind, key, clock.now(), what, thing)
        self._entries.append(entry)
        return entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, *kinds: Kind) -> list[Entry]:
        """The entries of these kinds."""
        return [entry for entry in self._entries if entry.kind in kinds]

    def outages(self, kind: Kind, since: datetime, until: datetime) -> list[Try]:
        """Tries of a kind in a span of time that got no good answer."""
        return [each for entry in self.of(kind) for each in entry.tries if since <= each.at <= until and not each.good]
