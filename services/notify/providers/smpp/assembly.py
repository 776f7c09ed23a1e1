"""Puts the pieces of long inbound messages together, and acknowledges none before the whole is stored.

A piece waits up to `hold` seconds for the others; then the message centre is told to bring it again, so that a crash
here loses nothing. A set that stays incomplete for `max_age` is passed on with `…` where a piece is missing. Number
and age of sets are bounded.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.notify.providers.smpp.userdata import Part, text_of
from shared.kernel import clock

Store = Callable[[str], Awaitable[None]]

Key = tuple[str, str, int, int]
"""Sender, recipient, reference, total."""


@dataclass(slots=True)
class _Set:
    since: float
    pieces: dict[int, Part] = field(default_factory=dict)
    stored: asyncio.Event = field(default_factory=asyncio.Event)
    storing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Assembly:
    """The open and the lately finished sets of one provider. Times in seconds."""

    def __init__(self, *, hold: float = 3.0, max_age: float = 300.0, max_sets: int = 1000) -> None:
        self._hold = hold
        self._max_age = max_age
        self._max_sets = max_sets
        self._sets: OrderedDict[Key, _Set] = OrderedDict()

    async def add(self, sender: str, recipient: str, part: Part, store: Store) -> bool:
        """Takes a piece; `store` gets the whole text once. True: stored, acknowledge. False: let it come again."""
        if part.total == 1:
            await store(text_of(part.octets, part.data_coding))
            return True
        self._forget()
        found = self._set((sender, recipient, part.reference, part.total), part)
        if found is None:
            return False
        found.pieces[part.number] = part
        if len(found.pieces) == part.total or clock.monotonic() - found.since >= self._max_age:
            await self._finish(found, part.total, store)
            return True
        try:
            async with asyncio.timeout(self._hold):
                await found.stored.wait()
        except TimeoutError:
            return found.stored.is_set()
        return True

    def _set(self, key: Key, part: Part) -> _Set | None:
        """The set that a piece belongs to. The same place with other octets is a new message under a used number."""
        known = self._sets.get(key)
        if known is not None:
            held = known.pieces.get(part.number)
            if held == part or (held is None and not known.stored.is_set()):
                return known
            if not known.stored.is_set():
                return None
        if len(self._sets) >= self._max_sets and not self._make_room():
            return None
        fresh = self._sets[key] = _Set(clock.monotonic())
        self._sets.move_to_end(key)
        return fresh

    async def _finish(self, found: _Set, total: int, store: Store) -> None:
        async with found.storing:
            if not found.stored.is_set():
                await store(_joined(found.pieces, total))
                found.stored.set()

    def _make_room(self) -> bool:
        for key, each in self._sets.items():
            if each.stored.is_set():
                del self._sets[key]
                return True
        return False

    def _forget(self) -> None:
        """Drops sets of twice the age: finished ones need no memory, and nobody brings the others' pieces any more."""
        limit = clock.monotonic() - 2 * self._max_age
        while self._sets and next(iter(self._sets.values())).since < limit:
            self._sets.popitem(last=False)


def _joined(pieces: dict[int, Part], total: int) -> str:
    coding = next(iter(pieces.values())).data_coding
    if len(pieces) == total and all(piece.data_coding == coding for piece in pieces.values()):
        # Whole first, then decode: a cut may run through an escape or surrogate pair of careless senders.
        return text_of(b"".join(pieces[number].octets for number in range(1, total + 1)), coding)
    return "".join(
        text_of(pieces[number].octets, pieces[number].data_coding) if number in pieces else "…"
        for number in range(1, total + 1)
    )
