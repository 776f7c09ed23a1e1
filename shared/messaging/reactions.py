"""What a service does on an event or a due timer: rows of a table, read by the consumer and the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.store.unit_of_work import UnitOfWork

E = TypeVar("E", bound=Event)

Need = tuple[str, str]
"""(state topic, key): something that must be in this service's copies before a reaction can run."""

Run = Callable[[UnitOfWork, Any, Envelope], Awaitable[None]]
Gather = Callable[[UnitOfWork, Sequence[tuple[Any, Envelope]]], Awaitable[None]]


def no_needs(_event: Any) -> Iterable[Need]:
    """For events that name nobody."""
    return ()


@dataclass(frozen=True, slots=True)
class Reaction:
    """One row: on `event`, run. `needs` names state that must be here first; `publishes` what `run` may publish;
    `stale_after` the age beyond which nothing is started any more; `bound` why a circle of events ends here.

    `gather`, where there is one, sees the events of a whole batch before `run` sees the first of them. It locks and
    reads for all at once what `run` would ask for one by one, and leaves it in `uow.gathered`. It decides nothing and
    refuses nothing. Of facts it sees what is new and not too old; events of a sequenced topic may turn out to be known
    already, or not to be for us to apply.
    """

    event: type[Event]
    run: Run
    publishes: frozenset[type[Event]] = frozenset()
    needs: Callable[[Any], Iterable[Need]] = no_needs
    stale_after: timedelta | None = None
    bound: str | None = None
    gather: Gather | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """A state topic that this service keeps a copy of: `keep` chooses the fields."""

    event: type[Event]
    keep: frozenset[str] | None = None
    """Field names; None keeps all, as the owner of the topic must."""
    on_gone: Callable[[UnitOfWork, str], Awaitable[None]] | None = None
    """What to do when a tombstone erases a key."""
    publishes: frozenset[type[Event]] = frozenset()
    """What `on_gone` may publish."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that has fallen due."""

    id: int
    kind: str
    subject: str
    due: datetime
    data: Mapping[str, Any]

    @property
    def subject_id(self) -> UUID:
        """The subject, where it is one thing's id."""
        return UUID(self.subject)


@dataclass(frozen=True, slots=True)
class TimerHandler:
    """One row: when a timer of `kind` falls due, run, in the transaction that also marks it fired."""

    kind: str
    run: Callable[[UnitOfWork, Timer], Awaitable[None]]
    publishes: frozenset[type[Event]] = field(default_factory=frozenset)


def party(party_id: UUID | str | None) -> tuple[Need, ...]:
    """The need for a party, where one is named."""
    return () if party_id is None else (("parties", str(party_id)),)


def staff(*staff_ids: UUID | str | None) -> tuple[Need, ...]:
    """The need for members of staff, as far as they are named."""
    return tuple(("staff", str(staff_id)) for staff_id in staff_ids if staff_id is not None)
