"""Token buckets that keep a noisy logger from filling the disk; what was left out is counted and told."""

from __future__ import annotations

from dataclasses import dataclass

from shared.kernel import clock


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    suppressed: int = 0


class Buckets:
    """One bucket per (logger, level): `burst` lines at once, then `per_second`."""

    def __init__(self, *, burst: int = 20, per_second: float = 1.0) -> None:
        self.burst = burst
        self.per_second = per_second
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def admit(self, logger: str, level: str) -> int | None:
        """None where this line is to be left out; else how many were left out before it."""
        now = clock.monotonic()
        bucket = self._buckets.setdefault((logger, level), _Bucket(self.burst, now))
        self._refill(bucket, now)
        if bucket.tokens < 1:
            bucket.suppressed += 1
            return None
        bucket.tokens -= 1
        suppressed, bucket.suppressed = bucket.suppressed, 0
        return suppressed

    def quiet_again(self) -> list[tuple[str, str, int]]:
        """(logger, level, lines left out) of storms that are over, each told once."""
        now = clock.monotonic()
        told = []
        for (logger, level), bucket in self._buckets.items():
            self._refill(bucket, now)
            if bucket.suppressed and bucket.tokens >= self.burst:
                told.append((logger, level, bucket.suppressed))
                bucket.suppressed = 0
        return told

    def _refill(self, bucket: _Bucket, now: float) -> None:
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.filled_at) * self.per_second)
        bucket.filled_at = now
