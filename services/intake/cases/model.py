"""Cases: enquiries, requests and suggestions that somebody must answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel.ids import with_check_digit
from shared.kernel.machine import Machine, Transition

CASE = Machine(
    "case",
    (
        Transition("new", "open", "open", event="case-opened"),
        Transition("open", "assign", "assigned", by="cases.assign"),
        Transition("open", "close", "closed", by="cases.close", event="case-closed"),
        Transition("assigned", "work", "working", by="cases.work"),
        Transition("assigned", "assign", "assigned", by="cases.assign"),
        Transition("working", "wait-for-customer", "waiting", by="cases.work"),
        Transition("working", "wait-for-department", "waiting", by="cases.work"),
        Transition("working", "wait-for-third-party", "waiting", by="cases.work"),
        Transition("waiting", "work", "working", by="cases.work"),
        Transition("working", "resolve", "resolved", by="cases.work"),
        Transition("resolved", "reopen", "working", by="cases.work"),
        Transition("resolved", "close", "closed", by="cases.close", event="case-closed"),
    ),
)
"""A case's whole life. Open to closed in one step is for what an agent answers at once."""


@dataclass(frozen=True, slots=True)
class Case:
    """One enquiry; what was said stays with its channel message."""

    id: UUID
    number: str
    message_id: UUID
    party_id: UUID
    address_id: str | None
    channel: str
    state: str
    handler_id: UUID | None
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    version: int = 1


def case_number(year: int, running: int) -> str:
    """What people say on the phone, e.g. `C260001237`: year, running number, check digit."""
    return "C" + with_check_digit(f"{year % 100:02d}{running:06d}")


def choose_handler(agents: Sequence[StaffChanged], open_cases: Mapping[UUID, int]) -> StaffChanged | None:
    """Who gets the next case: the highest weight ÷ (open + 1), ties by id; weight 0 gets none (CB-05)."""
    able = [agent for agent in agents if agent.weight > 0]
    return min(
        able,
        key=lambda agent: (-agent.weight / (open_cases.get(agent.staff_id, 0) + 1), agent.staff_id),
        default=None,
    )


@dataclass(slots=True)
class Desk:
    """Where the cases of a batch are opened: who can get them, and under which running numbers they go."""

    agents: Sequence[StaffChanged]
    open_cases: Counter[UUID]
    """Per agent, with those that were opened here."""
    numbers: Iterator[int]
    opened: list[Case] = field(default_factory=list)

    def next_handler(self) -> UUID | None:
        """Who gets the next case; it counts for them from now on."""
        handler = choose_handler(self.agents, self.open_cases)
        if handler is None:
            return None
        self.open_cases[handler.staff_id] += 1
        return handler.staff_id
