"""A service whose roles do as a test wants, on a database of `intake`: FRONTDESK_SAMPLE_DATABASE_URL."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from functools import cache
from pathlib import Path

import uuid_utils
from fastapi import APIRouter
from pydantic import Field, SecretStr

from shared.kernel import clock
from shared.runtime.main import main
from shared.runtime.service import RoleContext, Service
from shared.runtime.settings import CommonSettings

# Drawn before the fork: twins that were not reseeded would draw alike from here on.
uuid_utils.uuid4()
random.seed(1)

router = APIRouter()


class SampleSettings(CommonSettings):
    """Where roles leave their marks."""

    marks: Path = Field(Path(), validation_alias="FRONTDESK_SAMPLE_MARKS")
    secret: SecretStr = Field(SecretStr("default"), validation_alias="FRONTDESK_SAMPLE_SECRET")


@cache
def settings() -> SampleSettings:
    """Read once, like those of every service."""
    return SampleSettings()


@router.get("/slow")
async def slow() -> str:
    """An answer that takes a while; marks when it is asked for."""
    (settings().marks / "asked").touch()
    await asyncio.sleep(1)
    return "finished"


async def worker(context: RoleContext) -> None:
    """Works until it is told to stop, then takes a moment for what is in flight."""
    context.health.ready()
    with (settings().marks / "ids").open("a") as ids:
        ids.write(f"{uuid_utils.uuid4()}\n{random.getrandbits(64)}\n")
    await context.stopping.wait()
    await asyncio.sleep(0.3)
    context.health.ready()
    (settings().marks / "drained").touch()


async def crasher(context: RoleContext) -> None:
    """Raises an exception that holds a name."""
    context.health.ready()
    await asyncio.sleep(0.1)
    raise ValueError("Zhang San 13800138000")


async def quitter(context: RoleContext) -> None:
    """Returns although nobody asked it to."""
    context.health.ready()


async def endless(context: RoleContext) -> None:
    """Does not hear that it is to stop."""
    context.health.ready()
    await asyncio.Event().wait()


async def threaded(context: RoleContext) -> None:
    """Leaves a thread behind that never ends, as Faust's does whose broker is away: no interpreter leaves before it."""
    threading.Thread(target=time.sleep, args=(3600,)).start()
    context.health.ready()
    await asyncio.Event().wait()


async def blocker(context: RoleContext) -> None:
    """Holds the event loop for ever, once."""
    context.health.ready()
    mark = settings().marks / "blocked"
    await asyncio.sleep(1)
    if not mark.exists():
        mark.touch()
        time.sleep(3600)  # noqa: ASYNC251 - this is what the test is about
    await context.stopping.wait()


async def talker(context: RoleContext) -> None:
    """Writes more than its log may hold."""
    context.health.ready()
    began = clock.monotonic()
    while not context.stopping.is_set() and clock.monotonic() - began < 60:
        print("x" * 1000, flush=True)  # noqa: T201
        await asyncio.sleep(0.005)
    await context.stopping.wait()


async def stuck(context: RoleContext) -> None:
    """Is busy with something that never ends."""
    context.health.stuck_after = 0.1
    context.health.ready()
    context.health.busy()
    await context.stopping.wait()


service = Service(
    name="intake",
    settings=settings,
    database_url=lambda: os.environ["FRONTDESK_SAMPLE_DATABASE_URL"],
    routers=[router],
    roles={
        "worker": worker,
        "crasher": crasher,
        "quitter": quitter,
        "endless": endless,
        "threaded": threaded,
        "blocker": blocker,
        "talker": talker,
        "stuck": stuck,
    },
)

if __name__ == "__main__":
    main(service)
