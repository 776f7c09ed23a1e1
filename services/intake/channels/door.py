"""The HTTP door of channels: who knocks, and the group commit behind it."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from fastapi import Depends
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request as HTTPRequest

from services.intake.channels import keys, store
from services.intake.settings import settings
from shared.contracts.events.channel_message_received import ChannelMessageReceived
from shared.kernel import clock
from shared.kernel.errors import Refused
from shared.security.caller import Caller
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.group_commit import GroupCommit
from shared.store.unit_of_work import UnitOfWork
from shared.web.contention import with_retries
from shared.web.edge import Edge, database_of
from shared.web.problems import correlation_id

_REMEMBERED = 5.0
"""Seconds that a good key is believed without asking the database: a revoked one works that long at most."""
_MAX_REMEMBERED = 1_000

_bearer = HTTPBearer(auto_error=False, scheme_name="ChannelKey", description="A channel's key.")
_header = APIKeyHeader(name="X-Channel-Key", auto_error=False, scheme_name="ChannelKeyHeader")


class Door:
    """What one process keeps for its channels: keys seen lately, and messages that wait for their commit."""

    def __init__(self, database: Database) -> None:
        self.messages: GroupCommit[ChannelMessageReceived] = GroupCommit(
            database, append_message, capacity=settings().door_queue
        )
        self._names: dict[bytes, tuple[str, float]] = {}

    def name_of(self, key_hash: bytes) -> str | None:
        """The channel of a key that was good a moment ago."""
        name, until = self._names.get(key_hash, (None, 0.0))
        return name if clock.monotonic() < until else None

    def remember(self, key_hash: bytes, name: str) -> None:
        """Believes a good key for a moment."""
        if len(self._names) >= _MAX_REMEMBERED:
            self._names.clear()
        self._names[key_hash] = (name, clock.monotonic() + _REMEMBERED)


_doors: WeakKeyDictionary[Database, Door] = WeakKeyDictionary()


def door_of(request: HTTPRequest) -> Door:
    """The door of the app that answers this request."""
    database = database_of(request)
    door = _doors.get(database)
    if door is None:
        door = _doors[database] = Door(database)
    return door


async def channel_edge(
    request: HTTPRequest,
    bearer: HTTPAuthorizationCredentials | None = Depends(_bearer),
    header: str | None = Depends(_header),
) -> Edge:
    """A dependency that lets channels pass: `Authorization: Bearer <key>` or `X-Channel-Key`. Raises Refused (401)."""
    key = bearer.credentials if bearer else header
    if not key:
        raise Refused("channel-key-missing", status=401, field="header.Authorization", expected="a channel's key")
    key_hash, door = keys.hashed(key), door_of(request)
    name = door.name_of(key_hash)
    if name is None:

        async def attempt() -> str | None:
            async with database_of(request).transaction(Cause(correlation_id(request))) as uow:
                found = await store.channel_by_key(uow, key_hash)
                return found.name if found else None

        name = await with_retries(attempt)
        if name is None:
            raise Refused("channel-key-invalid", status=401, field="header.Authorization", expected="a channel's key")
        door.remember(key_hash, name)
    return Edge(request, Caller("channel", name))


async def admit(request: HTTPRequest) -> Edge:
    """`channel_edge` for whoever has the request alone."""
    return await channel_edge(request, await _bearer(request), await _header(request))


def append_message(uow: UnitOfWork, event: ChannelMessageReceived) -> None:
    """One message's row and event: nothing is read, nothing decided."""
    uow.insert(store.channel_message, **store.message_row(event, event.channel))
    uow.publish(event)
