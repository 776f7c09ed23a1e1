"""A house with its doors open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from argon2 import PasswordHasher

from services.intake.service import service
from shared.security import passwords
from shared.web.app import create_app
from tests.store.intake.builders import House


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id all the same, with little memory: every house here hashes six passwords."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
async def house(database_of: Callable[[str], str]) -> AsyncIterator[House]:
    """Gina runs the house, Hana heads sales (Sid stands in for her), Tom receives, Amy takes enquiries."""
    made = House(database_of("intake"))
    await made.open_doors()
    yield made
    await made.bench.database.close()


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to intake's app in this process, in English."""
    app = create_app(service, house.bench.database)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://intake.test", headers={"Accept-Language": "en"}
    ) as made:
        yield made
