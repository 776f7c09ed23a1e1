"""Channel keys: 256 random bits, kept as SHA-256; a channel's name is its source on Kafka too."""

from __future__ import annotations

import hashlib
import re
import secrets

from services.intake.channels import store
from shared.kernel.errors import Refused
from shared.store.unit_of_work import UnitOfWork

SOURCE = "/channels/"
_NAME = re.compile(r"[a-z][a-z0-9-]{1,62}")


def hashed(key: str) -> bytes:
    """What is kept of a key. It is random and long, so one fast hash is enough."""
    return hashlib.sha256(key.encode()).digest()


async def register(uow: UnitOfWork, name: str, *, by: object) -> str:
    """Registers the channel `name`, or gives it a new key, and returns the key: told here once and kept nowhere.

    Raises Refused(`channel-name`, 422).
    """
    if not _NAME.fullmatch(name):
        raise Refused(
            "channel-name", status=422, field="name", expected="2 to 63 of a-z, 0-9 and -, the first a letter"
        )
    key = secrets.token_urlsafe(32)
    await store.add_channel(uow, name, hashed(key))
    uow.audit(by, "register", "channel", name)
    return key


async def known_sources(uow: UnitOfWork, sources: frozenset[str]) -> frozenset[str]:
    """Which of these `ce_source` values are registered channels: `/channels/<name>`."""
    names = frozenset(source.removeprefix(SOURCE) for source in sources if source.startswith(SOURCE))
    return frozenset(f"{SOURCE}{name}" for name in await store.active_channels(uow, names))
