"""A company with its doors open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.store.complaints.builders import Company


@pytest.fixture
async def company(database_of: Callable[[str], str]) -> AsyncIterator[Company]:
    """Hana heads the department, Sun supervises, Chen handles complaints, Qiu does quality."""
    made = Company(database_of("complaints"))
    await made.open_doors()
    yield made
    await made.bench.database.close()
