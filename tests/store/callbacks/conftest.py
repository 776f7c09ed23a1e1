"""The callbacks service on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from services.callbacks.settings import settings
from tests.store.callbacks.world import World


@pytest.fixture
async def world(database_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A fresh database and the service's own settings, whatever the environment of the run says."""
    for name in ("COMPLAINT_DELAY", "VISIT_DELAY", "SURVEY_WINDOW", "REOPEN_WINDOW", "ATTEMPTS", "RETRY_DELAY"):
        monkeypatch.delenv(f"FRONTDESK_CALLBACKS_{name}", raising=False)
    settings.cache_clear()
    here = World(database_of("callbacks"))
    yield here
    # A reaction that raised is held and changes nothing, which "nothing happened" alone would not tell from success.
    assert await here.bench.held_rows() == []
    await here.bench.database.close()
    settings.cache_clear()
