"""notify on a fresh database, with a phone network and a mail server of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable

import pytest

from deploy.local.ports import ClaimedPorts
from deploy.local.sandbox.sandbox import Sandbox, SandboxSettings
from services.notify.settings import settings
from tests.wire.notify.world import WiredWorld


@pytest.fixture
async def wired(
    database_of: Callable[[str], str], claimed_ports: ClaimedPorts, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WiredWorld]:
    """Everything on free ports; delivery reports and answers by mail come back to notify's receiver."""
    for name in list(os.environ):
        if name.startswith("FRONTDESK_NOTIFY_"):
            monkeypatch.delenv(name)
    back = claimed_ports.spare()
    sandbox = Sandbox(SandboxSettings(http_port=None, reports_to=("127.0.0.1", back), seed=3))
    await sandbox.start()
    monkeypatch.setenv("FRONTDESK_NOTIFY_SMTP_PORT", str(sandbox.smtp_port))
    monkeypatch.setenv("FRONTDESK_NOTIFY_SMPP_PORT", str(sandbox.smsc_port))
    monkeypatch.setenv("FRONTDESK_NOTIFY_RECEIVER_PORT", str(back))
    settings.cache_clear()
    world = WiredWorld(database_of("notify"), sandbox)
    yield world
    await world.bench.database.close()
    await sandbox.stop()
    settings.cache_clear()
