"""What the phones and mailboxes received, newest kept, bounded."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

KEPT = 100_000


class Received(BaseModel):
    """One message as its reader saw it."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    number: int
    """Counts up from 1 in order of arrival; ask for `after` the last one seen."""
    channel: Literal["sms", "email"]
    sender: str = Field(serialization_alias="from")
    recipient: str = Field(serialization_alias="to")
    text: str
    at: datetime
    reference: str
    """`Message-ID` of a mail; the first id that an SMS was given."""
    references: tuple[str, ...] = ()
    """SMS: the ids of all its segments."""
    subject: str = ""
    reply_to: str = ""
    in_reply_to: str = ""


class Inbox:
    """The last `KEPT` messages."""

    def __init__(self, kept: int = KEPT) -> None:
        self._messages: deque[Received] = deque(maxlen=kept)
        self._numbers = itertools.count(1)

    @property
    def last_number(self) -> int:
        """The highest number shown so far; 0 while nothing has arrived."""
        return max((message.number for message in self._messages), default=0)

    def next_number(self) -> int:
        """The number of the message that is about to be added."""
        return next(self._numbers)

    def add(self, message: Received) -> None:
        """Shows a message; the oldest goes when there are too many."""
        self._messages.append(message)

    def newest(self, *, after: int, channel: str | None, recipient: str | None, limit: int) -> list[Received]:
        """Up to `limit` messages with a number above `after`, oldest first; without `after`, the last ones."""
        found = list(itertools.islice(self._matching(after, channel, recipient), limit))
        return found[::-1] if after == 0 else sorted(found, key=lambda each: each.number)

    def _matching(self, after: int, channel: str | None, recipient: str | None) -> Iterator[Received]:
        in_order = reversed(self._messages) if after == 0 else iter(self._messages)
        for each in in_order:
            if each.number > after and channel in (None, each.channel) and recipient in (None, each.recipient):
                yield each

    def by_reference(self, reference: str) -> Received | None:
        """The newest message with this reference, or None."""
        return next((each for each in reversed(self._messages) if each.reference == reference), None)
