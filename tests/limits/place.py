"""A house whose visits are measured: its staff, workers of intake's API, and a table of what came out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from deploy.local.ports import listens
from services.intake.directory.operator import token
from tests.bench.environment import Environment
from tests.bench.load import percentile
from tests.store.intake.builders import House

console = Console()


@dataclass(frozen=True, slots=True)
class Place:
    """Workers of the API, as they are run in production, on a durable database."""

    house: House
    ports: list[int]
    tokens: dict[str, str]

    @property
    def port(self) -> int:
        """Of the first worker."""
        return self.ports[0]

    def request(self, method: str, path: str, who: str, body: bytes = b"") -> bytes:
        """The bytes of a request of a member of staff."""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Authorization: Bearer {self.tokens[who]}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def place_of(environment: Environment, workers: int = 1) -> AsyncIterator[Place]:
    """Opens the house, starts the workers, and stops them."""
    url = environment.database("intake")
    house = House(url)
    await house.open_doors()
    names = ("gina", "hana", "tom", "amy", "rita")
    tokens = {name: (await token(house.bench.database, f"{name}@example.com")).token for name in names}
    ports = [environment.port() for _ in range(workers)]
    programs = [
        environment.role(
            "services.intake",
            "api",
            FRONTDESK_INTAKE_DATABASE_URL=url,
            FRONTDESK_API_PORT=str(port),
            FRONTDESK_INTAKE_BOOKINGS_PER_NETWORK="1000000",
        )
        for port in ports
    ]
    try:
        for program, port in zip(programs, ports, strict=True):
            program.wait("listening", lambda port=port: listens(port))
        yield Place(house, ports, tokens)
    finally:
        for program in programs:
            program.stop()
        await house.bench.database.close()


def show(title: str, rows: list[tuple[str, list[float]]]) -> None:
    """Milliseconds of each kind of request: how many, p50, p99, the worst."""
    table = Table("request", "count", "p50 ms", "p99 ms", "worst ms", title=title)
    for name, seconds in rows:
        figures = (percentile(seconds, 0.5), percentile(seconds, 0.99), max(seconds, default=0.0))
        table.add_row(name, str(len(seconds)), *(f"{value * 1000:.1f}" for value in figures))
    console.print(table)
