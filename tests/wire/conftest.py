"""A sandbox per test, on free ports, and clients of ours against it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest

from deploy.local.sandbox import Sandbox, SandboxSettings
from deploy.local.sandbox.sandbox import NUMBERS, PASSWORD, SYSTEM_ID
from services.notify.providers.result import InboundSms, Outbound, Receipt
from services.notify.providers.smpp.link import LinkSettings
from services.notify.providers.smpp.provider import SmppProvider, SmppSettings

PHONE = "+8613800138000"


@dataclass
class Heard:
    """What a provider passed on; can be told to fail."""

    receipts: list[Receipt] = field(default_factory=list)
    inbound: list[InboundSms] = field(default_factory=list)
    failures: int = 0

    async def on_receipt(self, receipt: Receipt) -> None:
        self._maybe_fail()
        self.receipts.append(receipt)

    async def on_inbound(self, message: InboundSms) -> None:
        self._maybe_fail()
        self.inbound.append(message)

    def _maybe_fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")


def sms(text: str = "hello", recipient: str = PHONE, sender: str = NUMBERS[0]) -> Outbound:
    """A message of ours."""
    return Outbound(uuid4(), sender, recipient, text)


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits for a condition; the limit only ends a run that hangs."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Phone network and mail server; no reports by mail, no HTTP."""
    running = Sandbox(SandboxSettings(http_port=None, seed=7))
    await running.start()
    yield running
    await running.stop()


def smpp_settings(port: int) -> SmppSettings:
    """Binds again at once; other timers only end a run that hangs. A test about a timer shortens that one."""
    return SmppSettings(
        host="127.0.0.1",
        port=port,
        system_id=SYSTEM_ID,
        password=PASSWORD,
        link=LinkSettings(response_timeout=60.0),
        bind_wait=60.0,
        backoff_first=0.05,
        backoff_last=0.2,
        hold=0.5,
    )


Connect = Callable[..., Awaitable[SmppProvider]]


@pytest.fixture
def heard() -> Heard:
    """What the providers of this test passed on."""
    return Heard()


@pytest.fixture
async def connect(sandbox: Sandbox, heard: Heard) -> AsyncIterator[Connect]:
    """Makes providers; keyword arguments change their settings; all are closed at the end."""
    made: list[SmppProvider] = []

    async def connect(**changes: object) -> SmppProvider:
        settings = replace(smpp_settings(sandbox.smsc_port), **changes)  # type: ignore[arg-type]
        provider = SmppProvider(settings, heard.on_receipt, heard.on_inbound)
        made.append(provider)
        await provider.start()
        return provider

    yield connect
    for provider in made:
        await provider.close()
