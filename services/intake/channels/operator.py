"""What the `frontdesk` command does with channels: each its own transaction."""

from __future__ import annotations

from services.intake.channels import keys
from shared.store.cause import Cause
from shared.store.database import Database


async def channel_add(database: Database, name: str) -> str:
    """`frontdesk channel add NAME`: registers a channel, or gives it a new key. The key comes back this once."""
    async with database.transaction(Cause.of_person()) as uow:
        return await keys.register(uow, name, by="operator")
