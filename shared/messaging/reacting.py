"""Reactions on what may be applied: what they need is looked up, the batch gathered, then they run event by event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.envelope import Envelope, Received
from shared.kernel.errors import Refused, Stale, Superseded
from shared.messaging.reactions import Need, Reaction
from shared.messaging.record import HeldState, Hold, Reading, Verdict
from shared.runtime.service import Service
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from shared.telemetry import metrics, spans

_HERE = text(
    "SELECT topic, key FROM copy JOIN unnest(CAST(:topics AS text[]), CAST(:keys AS text[])) AS named (topic, key) "
    "USING (topic, key)"
)


class ReactionRaised(Exception):
    """A reaction raised something that is neither an answer of the model nor the database's."""


class Reactor:
    """The reactions of one service. Holds no state of its own between batches."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reactions: dict[type, list[Reaction]] = {}
        for reaction in service.reactions:
            self._reactions.setdefault(reaction.event, []).append(reaction)

    def reacts_to(self, reading: Reading) -> bool:
        """Whether anything happens on such an event."""
        return type(reading.event) in self._reactions

    async def gather(self, uow: UnitOfWork, readings: Sequence[Reading], verdict: Verdict | None) -> None:
        """Lets reactions look at all their events of a batch before the first of them runs; not for a culprit."""
        if verdict is not None:
            return
        for reaction in self._service.reactions:
            if reaction.gather is None:
                continue
            events = [
                (r.event, r.envelope)
                for r in readings
                if r.envelope and type(r.event) is reaction.event and not _is_late(uow, reaction, r.envelope)
            ]
            if events:
                try:
                    await reaction.gather(uow, events)
                except DBAPIError:
                    raise
                except Exception as error:
                    raise ReactionRaised(type(error).__name__) from error

    async def apply(
        self, uow: UnitOfWork, reading: Reading, missing: frozenset[Need], verdict: Verdict | None
    ) -> Hold | None:
        """Runs the reactions on one event; None when it has been applied."""
        if reading.hold is not None:
            return reading.hold
        reactions = self._reactions.get(type(reading.event), ())
        lacking = tuple(need for need in self._needs(reading, reactions) if need in missing)
        if lacking:
            return Hold(HeldState.WAITING, f"needs {lacking[0][0]}", lacking)
        if verdict is not None and verdict.hold is not None:
            return verdict.hold
        if reading.record.held_id is not None:
            metrics.HELD_FREED.add(topic=reading.record.topic)
        for reaction in reactions:
            self.begin(uow, reading, reaction.publishes)
            assert reading.envelope is not None
            late = _is_late(uow, reaction, reading.envelope)
            note = verdict.note if verdict is not None else "stale" if late else None
            if note is None:
                await self._react(uow, reaction, reading)
            else:
                uow.audit(
                    self._service.group, note, reading.envelope.type, reading.envelope.key, event=reading.envelope.id
                )
        return None

    def begin(self, uow: UnitOfWork, reading: Reading, publishes: frozenset[type]) -> None:
        """From here on the unit of work writes on account of this event, and may publish these."""
        assert reading.envelope is not None
        uow.cause = Cause.of_event(reading.envelope)
        uow.permit.publishes = publishes
        uow.incoming = Received(reading.envelope, reading.event, reading.record.value)

    async def _react(self, uow: UnitOfWork, reaction: Reaction, reading: Reading) -> None:
        assert reading.envelope is not None
        record = reading.record
        with spans.processing(reading.envelope, self._service.group, partition=record.partition, offset=record.offset):
            try:
                await reaction.run(uow, reading.event, reading.envelope)
            except (Refused, Superseded, Stale, DBAPIError):
                raise
            except Exception as error:
                raise ReactionRaised(type(error).__name__) from error

    def _needs(self, reading: Reading, reactions: Iterable[Reaction]) -> Iterable[Need]:
        return () if reading.event is None else (n for reaction in reactions for n in reaction.needs(reading.event))

    async def missing(self, uow: UnitOfWork, readings: Sequence[Reading]) -> frozenset[Need]:
        """What the events name that is not here; erased counts as here."""
        named = sorted({n for r in readings for n in self._needs(r, self._reactions.get(type(r.event), ()))})
        if not named:
            return frozenset()
        result = await uow.execute(_HERE, {"topics": [t for t, _ in named], "keys": [k for _, k in named]})
        return frozenset(named) - {(topic, key) for topic, key in result}


def _is_late(uow: UnitOfWork, reaction: Reaction, envelope: Envelope) -> bool:
    """Whether the event is older than what the reaction still starts something for."""
    return reaction.stale_after is not None and uow.now - envelope.time > reaction.stale_after
