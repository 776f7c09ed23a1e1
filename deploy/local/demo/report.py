"""What a demo day counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What came of one day. Seconds from the request, the inbound message or the timer's due instant to "delivered";
    messages deferred by quiet hours are counted apart.
    """

    events: Mapping[str, int]
    tickets: Mapping[str, int]
    visits: Mapping[str, int]
    callbacks: Mapping[str, int]
    messages: Mapping[str, Mapping[str, int]]
    seconds_to_delivered: Mapping[str, float]
    deferred: int
    held: int
    dead: int

    def as_json(self) -> dict[str, Any]:
        """As it is: names to counts, `seconds_to_delivered` with p50 and p99."""
        return asdict(self)
