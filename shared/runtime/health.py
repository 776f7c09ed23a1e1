"""Health = progress. A role says whether it is ready and stamps what it gets done."""

from __future__ import annotations

from shared.kernel import clock


class Health:
    """What one role tells of itself. `stuck_after` seconds without progress while busy means not alive."""

    def __init__(self, role: str, *, stuck_after: float = 60.0) -> None:
        self.role = role
        self.stuck_after = stuck_after
        self.not_ready: str | None = "starting"
        """Why the role is not ready, as a short word; None when it is ready."""
        self._leaving = False
        self._busy_since: float | None = None

    def ready(self) -> None:
        """The role can do its work."""
        if not self._leaving:
            self.not_ready = None

    def unready(self, reason: str) -> None:
        """The role cannot do its work for `reason`, e.g. `database`, `rebalancing`."""
        if not self._leaving:
            self.not_ready = reason

    def leave(self) -> None:
        """The process stops: not ready from here on, whatever the role still says while it drains."""
        self._leaving = True
        self.not_ready = "draining"

    def busy(self, already: float | None = None) -> None:
        """Something is being worked on, for `already` seconds where that is known; it must be `done` in time."""
        if already is not None:
            self._busy_since = clock.monotonic() - already
        elif self._busy_since is None:
            self._busy_since = clock.monotonic()

    def done(self) -> None:
        """What was being worked on is finished."""
        self._busy_since = None

    @property
    def alive(self) -> bool:
        """Whether nothing has been in work for too long."""
        return self._busy_since is None or clock.monotonic() - self._busy_since < self.stuck_after
