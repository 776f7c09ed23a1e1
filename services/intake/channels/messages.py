"""The messages of a batch, locked: what becomes of them is decided in memory and written together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from services.intake.channels import store
from services.intake.channels.model import ChannelMessage
from shared.kernel.errors import Refused, Superseded
from shared.store.unit_of_work import UnitOfWork


class Messages:
    """Messages by id as they are in this transaction, also where that is not written yet."""

    def __init__(self, messages: Iterable[ChannelMessage]) -> None:
        self._messages = {message.id: message for message in messages}
        self._made: dict[UUID, dict[str, Any]] = {}
        self._decided: set[UUID] = set()

    @classmethod
    async def lock(cls, uow: UnitOfWork, message_ids: Iterable[UUID]) -> Messages:
        """Those of these messages that are here. What becomes of them is written when the unit of work ends."""
        messages = cls(await store.lock(uow, message_ids))

        async def write() -> None:
            await messages._write(uow)

        uow.at_flush(write)
        return messages

    def get(self, message_id: UUID) -> ChannelMessage | None:
        """A message, None where there is none."""
        return self._messages.get(message_id)

    def make(self, row: dict[str, Any]) -> ChannelMessage:
        """A message that no door has stored before, from its row."""
        message = ChannelMessage(row["id"], row["channel"], row["state"], row["version"])
        self._made[message.id] = row
        self._messages[message.id] = message
        return message

    def decide(self, message: ChannelMessage) -> None:
        """What became of a message."""
        self._messages[message.id] = message
        self._decided.add(message.id)

    async def _write(self, uow: UnitOfWork) -> None:
        await store.save(uow, [self._messages[key] for key in sorted(self._decided - self._made.keys())])
        made = [row | asdict(self._messages[key]) for key, row in sorted(self._made.items())]
        added = await store.add(uow, made)
        others = await store.lock(uow, self._made.keys() - added) if len(added) < len(made) else ()
        for message in others:
            # Somebody stored it since we looked: decided by them, unless it is not the same message at all.
            check_channel(message, self._messages[message.id].channel)
            raise Superseded("message-decided")


def check_channel(message: ChannelMessage, channel: str) -> None:
    """Raises Refused where another channel's message has this id."""
    if message.channel != channel:
        raise Refused("message-id-taken", field="message_id", expected="an id that no other channel has used")
