"""Intake servers for B1 and B2: ours, P1's and one without a database, each one worker on a database of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import uuid4

import psycopg

from deploy.local.ports import listens
from services.intake.channels.operator import channel_add
from shared.store.database import Database
from tests.bench import ledger
from tests.bench.environment import Environment
from tests.bench.load import Answers, Request, closed_loop, post
from tests.bench.payloads import complaint
from tests.bench.processes import Program

PATH = "/channel-messages"


@dataclass(frozen=True, slots=True)
class Server:
    """One server under load. `url` is its database's, None where it has none."""

    program: Program
    port: int
    key: str
    url: str | None

    @property
    def request(self) -> Request:
        """Complaints, each under an idempotency key of its own."""
        run = uuid4().hex

        def make(number: int) -> bytes:
            headers = f"Authorization: Bearer {self.key}\r\nIdempotency-Key: {run}-{number}\r\n"
            return post(f"127.0.0.1:{self.port}", PATH, complaint(number), headers)

        return make

    def empty(self) -> None:
        """Takes what former runs have stored, so that no side works on larger tables than another."""
        if self.url is not None:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("TRUNCATE channel_message, outbox, idempotency")

    async def warm_up(self) -> None:
        """Fills pools and caches."""
        await closed_loop(self.port, 32, 1.0, self.request)

    def check(self, answers: Answers) -> tuple[str, ...]:
        """What is wrong with a run on an emptied database."""
        wrong = [f"{answers.errors} answers other than 2xx"] if answers.errors else []
        if self.url is not None:
            wrong += ledger.intake_stored(self.url, [json.loads(body)["id"] for _, _, body, _ in answers.good])
        return tuple(wrong)


async def ours(environment: Environment) -> Server:
    """The api role of intake, as it is run in production, with a registered channel."""
    url, port = environment.database("intake"), environment.port()
    database = Database(url, "intake", pool_size=1)
    key = await channel_add(database, "bench")
    await database.close()
    program = environment.role(
        "services.intake", "api", FRONTDESK_INTAKE_DATABASE_URL=url, FRONTDESK_API_PORT=str(port)
    )
    server = Server(program, port, key, url)
    await server.warm_up()
    return server


async def peer(environment: Environment) -> Server:
    """P1's."""
    url = environment.database("intake")
    return await _plain(environment, "tests.bench.peers.p1_intake", url)


async def no_database(environment: Environment) -> Server:
    """The limit of B1."""
    return await _plain(environment, "tests.bench.limits.no_database", None)


async def _plain(environment: Environment, module: str, url: str | None) -> Server:
    port = environment.port()
    program = environment.program(module, BENCH_PORT=str(port), BENCH_DATABASE=url or "")
    program.wait("listening", lambda: listens(port))
    server = Server(program, port, "bench", url)
    await server.warm_up()
    return server
