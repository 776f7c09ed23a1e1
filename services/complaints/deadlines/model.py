"""What is owed when: policies as rows, due instants from them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

_SATURDAY = 5

DeadlineKind = Literal["first-reply", "solution"]


@dataclass(frozen=True, slots=True)
class WallTime:
    """A duration that runs day and night."""

    length: timedelta

    def after(self, start: datetime) -> datetime:
        """The instant this long after `start`, in UTC."""
        return start + self.length


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A number of days from Monday to Friday in the company's zone; the time of day stays."""

    days: int
    zone: ZoneInfo

    def after(self, start: datetime) -> datetime:
        """The same local time so many working days after `start`, in UTC."""
        local = start.astimezone(self.zone)
        left = self.days
        while left:
            local += timedelta(days=1)
            left -= local.weekday() < _SATURDAY
        return local.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Policy:
    """One row: how long a deadline is, and after which share of it somebody is warned (0–1)."""

    name: str
    duration: WallTime | WorkingDays
    warn_share: float

    def due(self, start: datetime) -> datetime:
        """When it falls due."""
        return self.duration.after(start)

    def warn(self, start: datetime) -> datetime:
        """When it is marked as approaching."""
        return start + (self.due(start) - start) * self.warn_share


@dataclass(frozen=True, slots=True)
class Deadline:
    """A durable clock of one ticket. `round` counts reopenings: a reopened ticket owes a solution again."""

    id: UUID
    ticket_id: UUID
    kind: DeadlineKind
    round: int
    policy: str
    """Name of the policy: the reason of the due instant."""
    started_at: datetime
    warn_at: datetime
    due_at: datetime
    warned_at: datetime | None
    met_at: datetime | None
    missed_at: datetime | None
