"""How much is measured: the whole, the short form that shows that the harness works, and the smallest for the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run; times in seconds. Peers get fewer events where they need minutes for as many: rates compare."""

    name: str
    pairs: int
    events: int
    """Backlog of ours and of the limit."""
    peer_events: int
    """Backlog of a peer that works event by event."""
    seconds: float
    """Of a closed or open loop."""
    mails: int
    first_rate: int
    """Enquiries a second with which the search for the highest rate of the whole path begins."""


FULL = Scale("full", 5, 60_000, 4_000, 8.0, 4_000, 20)
SHORT = Scale("short", 1, 6_000, 600, 3.0, 600, 10)
SMOKE = Scale("smoke", 1, 4_000, 200, 1.0, 100, 5)
SCALES = {scale.name: scale for scale in (FULL, SHORT, SMOKE)}
