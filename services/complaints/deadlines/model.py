"""A ticket's durable clocks. How long they run is policy; the instants come from the kernel's calendar. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.kernel.calendar import Calendar
from shared.kernel.deadlines import Policy, due

DeadlineKind = Literal["first-reply", "solution"]


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy and the calendar that it is counted in."""

    policy: Policy
    calendar: Calendar

    def instants(self, start: datetime) -> Instants:
        """When a deadline begun at `start` warns and falls due."""
        found = due(self.policy, self.calendar, start)
        if found.at is None or found.warn_at is None:
            raise RuntimeError("a deadline without pauses always falls due")
        return Instants(found.warn_at, found.at, found.provisional)


@dataclass(frozen=True, slots=True)
class Instants:
    """In UTC. `provisional`: computed through a year whose holidays are not announced yet."""

    warn_at: datetime
    due_at: datetime
    provisional: bool


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
    provisional: bool
    warned_at: datetime | None
    met_at: datetime | None
    missed_at: datetime | None
