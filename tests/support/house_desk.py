"""The people of a house: staff, channels and tokens behind one desk, and the sandbox's phone and mailbox beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from deploy.local.demo.cast import DEPARTMENTS, SHOP, STAFF_NAMES, WEB, Cast, staff_csv, staff_email
from deploy.local.demo.desk import Desk, until
from deploy.local.demo.furnishing import furnish
from services.intake.channels.operator import channel_add
from services.intake.directory.operator import staff_import, token
from services.intake.settings import settings
from shared.kernel import clock
from tests.support.house import House

_WHO_LOOKS_WHERE = (
    ("intake", "/visits", "host"),
    ("complaints", "/tickets", "supervisor"),
    ("callbacks", "/callbacks", "supervisor"),
    ("notify", "/messages", "supervisor"),
)


@asynccontextmanager
async def desk_of(house: House) -> AsyncIterator[Desk]:
    """A desk with fresh tokens whose inbox begins now. The first one also brings the staff and the channels."""
    settings.cache_clear()  # another test may have read its own
    intake = house.database("intake")
    try:
        first = not house.staff_imported
        if first:
            await staff_import(intake, DEPARTMENTS, staff_csv(Cast(clock.now()).day_zone))
            house.channel_keys |= {name: await channel_add(intake, name) for name in (WEB, SHOP)}
            house.staff_imported = True
        tokens = {name: (await token(intake, staff_email(name))).token for name in STAFF_NAMES}
    finally:
        await intake.close()
    async with httpx.AsyncClient(timeout=60) as client:
        desk = Desk(house.layout, house.channel_keys, tokens, client)
        await desk.skip_old_mail()
        if first:
            await _until_known(desk)
            await furnish(desk, Cast(clock.now()).day_zone)
        watching = asyncio.create_task(desk.watch_inbox())
        try:
            yield desk
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


async def _until_known(desk: Desk) -> None:
    for service, path, who in _WHO_LOOKS_WHERE:

        async def known(service: str = service, path: str = path, who: str = who) -> bool | None:
            return True if await desk.knows(who, service, path) else None

        await until(f"the staff in {service}", known)
