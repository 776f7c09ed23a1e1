"""A house with its doors open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.store.intake.builders import House


@pytest.fixture
async def house(database_of: Callable[[str], str]) -> AsyncIterator[House]:
    """Gina runs the house, Hana heads sales (Sid stands in for her), Tom receives, Amy takes enquiries."""
    made = House(database_of("intake"))
    await made.open_doors()
    yield made
    await made.bench.database.close()
