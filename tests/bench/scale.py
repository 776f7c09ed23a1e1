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
    rates: tuple[int, ...]
    """Offered rates of the whole path, a second."""
    peer_rates: tuple[int, ...]


FULL = Scale("full", 5, 60_000, 4_000, 8.0, 4_000, (50, 100, 150, 200, 250, 300, 400, 500), (10, 20, 40, 60, 80, 120))
SHORT = Scale("short", 1, 6_000, 600, 3.0, 600, (25, 50), (10, 20))
SMOKE = Scale("smoke", 1, 600, 200, 1.0, 100, (10,), (10,))
SCALES = {scale.name: scale for scale in (FULL, SHORT, SMOKE)}
