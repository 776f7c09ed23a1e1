"""Why a unit of work is done: by whom or what it was started, and how far it is from a person's act."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.envelope import Envelope
from shared.kernel.ids import derived_id, new_id


@dataclass(frozen=True, slots=True)
class Cause:
    """What outgoing events inherit. `hops` is what they will carry; `origin` makes a reaction's ids repeatable."""

    correlation_id: str
    causation_id: str | None = None
    hops: int = 0
    origin: tuple[str, str] | None = None

    @classmethod
    def of_person(cls) -> Cause:
        """A request: its events start at hop 0 under a new correlation id."""
        return cls(correlation_id=str(new_id()))

    @classmethod
    def of_event(cls, envelope: Envelope) -> Cause:
        """A reaction: one hop further than its input, ids derived from it."""
        return cls(
            correlation_id=envelope.correlation_id,
            causation_id=envelope.id,
            hops=envelope.hops + 1,
            origin=(envelope.source, envelope.id),
        )

    @classmethod
    def of_timer(cls, timer_id: int, correlation_id: str, causation_id: str | None, hops: int) -> Cause:
        """A timer passes on what its own cause carried."""
        return cls(correlation_id, causation_id, hops, ("timer", str(timer_id)))

    def id_of(self, kind: str, number: int = 1) -> UUID:
        """The id of the `number`-th thing of `kind` that this makes: random for a person's act, else the same again."""
        return new_id() if self.origin is None else derived_id(kind, *self.origin, number)
