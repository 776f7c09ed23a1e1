"""Channel keys: 256 random bits, kept as SHA-256, several at a time while one takes over from another; a channel's name
is its source on Kafka too.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from services.intake.channels import store
from services.intake.channels.model import ChannelKey
from shared.kernel.errors import NotFound, Refused
from shared.store.unit_of_work import UnitOfWork

SOURCE = "/channels/"
_NAME = re.compile(r"[a-z][a-z0-9-]{1,62}")


def hashed(key: str) -> bytes:
    """What is kept of a key. It is random and long, so one fast hash is enough."""
    return hashlib.sha256(key.encode()).digest()


async def register(uow: UnitOfWork, name: str, *, by: object) -> str:
    """Registers the channel `name`, or gives it a new key instead of all others, and returns the key: told here once
    and kept nowhere.

    Raises Refused(`channel-name`, 422).
    """
    if not _NAME.fullmatch(name):
        raise Refused(
            "channel-name", status=422, field="name", expected="2 to 63 of a-z, 0-9 and -, the first a letter"
        )
    return await _new_key(uow, name, "register", by, overlap=timedelta(0))


async def rotate(uow: UnitOfWork, name: str, *, overlap: timedelta, by: object) -> str:
    """A new key, told here once; the ones before it are good for `overlap` still, so that nothing has to stop while the
    channel changes over. Raises NotFound.
    """
    await _known(uow, name)
    return await _new_key(uow, name, "rotate-key", by, overlap=overlap)


async def revoke(uow: UnitOfWork, name: str, short: str, *, by: object) -> None:
    """One key, named by the first digits of its hash, opens nothing from now on. Raises NotFound."""
    await _known(uow, name)
    found = [key for key in await store.keys_of(uow, name) if short and key.short.startswith(short)]
    if len(found) != 1:
        raise NotFound("channel-key")
    await store.end_keys(uow, name, uow.now, only=found[0].key_hash)
    uow.audit(by, "revoke-key", "channel", name, key=found[0].short)


async def close(uow: UnitOfWork, name: str, *, by: object) -> None:
    """Nobody comes in by this channel any more, until it gets a new key. Raises NotFound."""
    await _known(uow, name)
    await store.end_keys(uow, name, uow.now)
    await store.close(uow, name)
    uow.audit(by, "close", "channel", name)


async def list_keys(uow: UnitOfWork, name: str) -> list[ChannelKey]:
    """The keys of a channel, the newest first; of each what may be known. Raises NotFound."""
    await _known(uow, name)
    return await store.keys_of(uow, name)


async def _new_key(uow: UnitOfWork, name: str, act: str, by: object, *, overlap: timedelta) -> str:
    key = secrets.token_urlsafe(32)
    await store.add_key(uow, name, hashed(key), uow.now + overlap)
    uow.audit(by, act, "channel", name, overlap=int(overlap.total_seconds()))
    return key


async def _known(uow: UnitOfWork, name: str) -> None:
    if await store.get_channel(uow, name, lock=True) is None:
        raise NotFound("channel")


async def known_sources(uow: UnitOfWork, sources: frozenset[str]) -> frozenset[str]:
    """Which of these `ce_source` values are registered channels: `/channels/<name>`."""
    names = frozenset(source.removeprefix(SOURCE) for source in sources if source.startswith(SOURCE))
    return frozenset(f"{SOURCE}{name}" for name in await store.active_channels(uow, names))
