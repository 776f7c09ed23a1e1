"""How soon a round follows the last one: at once where little comes, later where more would share it.

A round of one costs nearly what one of ten costs. Taken as they come, the events of a busy stream make every stage work
on ones and twos, and each stage waits for the processor that all the others use.
"""

from __future__ import annotations

import math

from shared.kernel import clock

_RATE_SECONDS = 1.0


class Pace:
    """Seconds from one round's beginning to the next one's: `for_each` for each item a second, at most `longest`.

    So rounds have about rate² · `for_each` items, and where that is under one nobody waits.
    """

    def __init__(self, for_each: float, longest: float) -> None:
        self._for_each = for_each
        self._longest = longest
        self._began = float("-inf")
        self._recent = 0.0

    def begin(self, items: int) -> None:
        """A round of so many begins."""
        now = clock.monotonic()
        self._recent = self._recent * math.exp((self._began - now) / _RATE_SECONDS) + items
        self._began = now

    @property
    def seconds(self) -> float:
        """The pace, by how much came lately."""
        return min(self._longest, self._recent / _RATE_SECONDS * self._for_each)

    @property
    def ahead(self) -> float:
        """Seconds until the next round may begin; 0 or less: now."""
        return self._began + self.seconds - clock.monotonic()
