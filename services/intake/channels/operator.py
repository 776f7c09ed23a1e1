"""What the `frontdesk` command does with channels: each its own transaction."""

from __future__ import annotations

from datetime import timedelta

from services.intake.channels import keys
from services.intake.channels.model import ChannelKey
from shared.store.cause import Cause
from shared.store.database import Database


async def channel_add(database: Database, name: str) -> str:
    """`frontdesk channel add NAME`: registers a channel, or gives it a new key. The key comes back this once."""
    async with database.transaction(Cause.of_person()) as uow:
        return await keys.register(uow, name, by="operator")


async def channel_rotate(database: Database, name: str, *, overlap: timedelta, by: str = "operator") -> str:
    """`frontdesk channel rotate NAME`: a new key beside the old ones, which end after `overlap`. Raises NotFound."""
    async with database.transaction(Cause.of_person()) as uow:
        return await keys.rotate(uow, name, overlap=overlap, by=by)


async def channel_keys(database: Database, name: str) -> list[ChannelKey]:
    """`frontdesk channel keys NAME`: every key it had, the newest first. Raises NotFound."""
    async with database.transaction(Cause.of_person()) as uow:
        return await keys.list_keys(uow, name)


async def channel_revoke(database: Database, name: str, short: str, *, by: str = "operator") -> None:
    """`frontdesk channel revoke NAME KEY`: one key ends now. Raises NotFound."""
    async with database.transaction(Cause.of_person()) as uow:
        await keys.revoke(uow, name, short, by=by)


async def channel_close(database: Database, name: str, *, by: str = "operator") -> None:
    """`frontdesk channel close NAME`: nobody comes in by it any more. Raises NotFound."""
    async with database.transaction(Cause.of_person()) as uow:
        await keys.close(uow, name, by=by)
