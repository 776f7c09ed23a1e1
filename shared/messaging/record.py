"""A Kafka record as the core sees it, whatever client read it, and what reading it gave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.contracts.envelope import Envelope, NotYetReadable, Unreadable, read_envelope, read_event
from shared.contracts.event import Event


class HeldState(StrEnum):
    """Why a held record is not applied, and who may end that."""

    WAITING = "waiting"
    """Something is missing that may still come: a number, a party, a newer build."""
    FAILED = "failed"
    """A reaction raised; tried again with growing pauses."""
    REFUSED = "refused"
    """The model forbids it; an operator decides."""
    DEAD = "dead"
    """No retry of ours will help; an operator decides."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The verdict on a record that cannot be applied now. `reason` holds a code and a field path, never values."""

    state: HeldState
    reason: str
    needs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with the one culprit of a batch: hold it, or record that it does nothing (`note`)."""

    hold: Hold | None = None
    note: str | None = None


Released = tuple[str, str]
"""(topic, key) of a held record that is worth another look as soon as the transaction is committed."""


@dataclass(frozen=True, slots=True)
class Record:
    """Bytes and position. `held_id` and `tries` are set where it comes back from the table of held events."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    held_id: int | None = None
    tries: int = 0
    failed_before: bool = False
    """Whether it is held because a reaction raised on it: not so where it only waited for something."""
    written_at: float | None = None
    """When the broker got it, in seconds since 1970; None where that is not known."""

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key or b"") + len(self.value or b"")


@dataclass(frozen=True, slots=True)
class Reading:
    """A record that was read as far as it can be: `hold` is set where that is not far enough."""

    record: Record
    envelope: Envelope | None
    event: Event | None
    value: bytes | None
    hold: Hold | None = None

    @property
    def thing(self) -> tuple[str, str]:
        """(source, key): what sequences are counted for within a topic."""
        assert self.envelope is not None
        return (self.envelope.source, self.envelope.key)

    @property
    def number(self) -> int:
        """The sequence number, on topics that count."""
        assert self.envelope is not None
        assert self.envelope.sequence is not None
        return self.envelope.sequence

    @property
    def is_ours(self) -> bool:
        """Whether a service of ours wrote it; what others write may be anything."""
        return self.envelope is not None and self.envelope.source.startswith("/services/")


def read(record: Record) -> Reading:
    """Reads envelope, then event. Never raises: what is wrong becomes a `Hold`."""
    try:
        envelope, value = read_envelope(record.topic, record.key, record.value, record.headers)
    except Unreadable as error:
        return Reading(record, None, None, None, Hold(HeldState.DEAD, str(error)))
    try:
        return Reading(record, envelope, read_event(envelope, value), value)
    except Unreadable as error:
        return Reading(record, envelope, None, value, Hold(HeldState.DEAD, str(error)))
    except NotYetReadable:
        return Reading(record, envelope, None, value, Hold(HeldState.WAITING, "unknown-type"))


def ids_in(event: Event | None) -> list[str]:
    """The party and address ids that an event names, so that erasure finds the records that hold it back."""
    if event is None:
        return []
    values: list[Any] = [getattr(event, name, None) for name in ("party_id", "address_id")]
    return [str(value) for value in values if value is not None]
