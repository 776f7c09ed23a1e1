"""One running house for all journeys of a run; each test gets a desk of its own and leaves the house whole."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.demo.cast import Cast
from deploy.local.demo.desk import Desk
from deploy.local.ports import claim_ports
from shared.kernel import clock
from tests.support.databases import Databases
from tests.support.house import House
from tests.support.house_desk import desk_of
from tests.support.otlp import Received, otlp_receiver


@pytest.fixture(scope="session")
def telemetry() -> Iterator[Received]:
    """Metrics of the house, its errors, and the spans of what the desk of a test with this fixture asks for."""
    with otlp_receiver() as received:
        yield received


@pytest.fixture(scope="session")
def _open_house(folder: Path, databases: Databases, telemetry: Received) -> Iterator[House]:
    claimed = claim_ports()
    traced = {"FRONTDESK_OTLP_ENDPOINT": telemetry.endpoint, "FRONTDESK_TRACE_SHARE": "0"}
    house = House(folder / "house", claimed.ports, databases, traced)
    try:
        house.open()
        yield house
    finally:
        house.close()
        claimed.release()


@pytest.fixture
def house(_open_house: House) -> Iterator[House]:
    """The house with every role at work, before the test and after it."""
    _open_house.mend()
    yield _open_house
    _open_house.mend()


@pytest.fixture
async def desk(house: House, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """The desk of this test, with an inbox that begins now. Where the test has `telemetry`, its requests are traced."""
    async with desk_of(house) as opened:
        if "telemetry" in request.fixturenames:
            opened.headers["traceparent"] = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        yield opened


@pytest.fixture
def cast() -> Cast:
    """People whom nobody met before, where it is day now."""
    return Cast(clock.now())
