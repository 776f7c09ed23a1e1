"""The notify service on a fresh database."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable

import pytest

from services.notify.settings import settings
from tests.store.notify.world import World


@pytest.fixture
async def world(database_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A fresh database and the service's own settings, whatever the environment of the run says."""
    for name in list(os.environ):
        if name.startswith("FRONTDESK_NOTIFY_"):
            monkeypatch.delenv(name)
    settings.cache_clear()
    here = World(database_of("notify"))
    yield here
    await here.bench.database.close()
    settings.cache_clear()
