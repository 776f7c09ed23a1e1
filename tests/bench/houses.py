"""Two whole front desks for B7 and B8, on the same servers: an enquiry goes in by HTTP, its acknowledgement is a mail.

Ours is what a laptop runs: every role under the supervisor. P1's is an API, a relay and two FastStream workers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from uuid import uuid4

from deploy.local.layout import SERVICES, Layout
from deploy.local.ports import listens
from deploy.local.processes import PROCESSES
from services.intake.channels.operator import channel_add
from shared.contracts.topics import TOPICS
from shared.runtime.state import read_state
from shared.store.database import Database
from tests.bench import ledger
from tests.bench.environment import Environment
from tests.bench.load import Answers, Request, open_loop, percentile, post
from tests.bench.mail_sink import MailSink
from tests.bench.payloads import enquiry
from tests.bench.processes import Program, cpu_of, pss_mb

_PATH = "/channel-messages"
_PEERS_TOPICS = "p1-"
"""Begins the names of P1's topics: on ours either house would work off what the other one publishes."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What became of the enquiries of one run; times in seconds from the instant at which each should have left."""

    offered: float
    answers: Answers
    taken: Sequence[float]
    mails: int
    seconds: float
    """From the first enquiry to the last mail."""
    wrong: tuple[str, ...]
    cpu: float
    mb: float

    def within(self, share: float) -> float:
        """Milliseconds within which `share` of the mails were taken."""
        return percentile(list(self.taken), share) * 1000

    def keeps_up(self, most_ms: float) -> bool:
        """No error, every mail there, p99 within `most_ms`."""
        return not self.wrong and self.answers.errors == 0 and self.within(0.99) <= most_ms

    @property
    def point(self) -> dict[str, float]:
        """For the plot."""
        rate = self.mails / self.seconds if self.seconds else 0.0
        return {"offered": self.offered, "rate": rate, "p50": self.within(0.5), "p99": self.within(0.99)}


@dataclass(frozen=True, slots=True)
class House:
    """A running front desk."""

    programs: Sequence[Program]
    port: int
    key: str
    sink: MailSink
    outbox_urls: Sequence[str]
    accepted: list[str] = field(default_factory=list)
    """Whoever's enquiry was answered 2xx, in all walks."""
    first_mark: list[int] = field(default_factory=list)

    async def walk(self, rate: float, seconds: float, patience: float = 30.0) -> Walk:
        """Offers enquiries at `rate`, waits for their mails."""
        pids = [program.pid for program in self.programs]
        first, mark, before = int(monotonic() * 1000), self.sink.mark(), cpu_of(pids)
        self.first_mark.append(mark)
        began = monotonic()
        answers = await open_loop(self.port, rate, seconds, self._request(), first)
        good = {f"ann.{number}@people.example": number for number, *_ in answers.good}
        self.accepted.extend(good)
        until = monotonic() + patience
        while len(mails := self.sink.since(mark)) < len(good) and monotonic() < until:
            await asyncio.sleep(0.1)
        wrong = ledger.once_each("mails", good, (mail.recipient for mail in mails))
        if answers.errors:
            wrong.append(f"{answers.errors} answers other than 2xx")
        taken = [mail.at - answers.intended[good[mail.recipient]] for mail in mails if mail.recipient in good]
        last = max((mail.at for mail in mails), default=began)
        used = (cpu_of(pids) - before) / max(len(mails), 1) * 1000
        return Walk(rate, answers, taken, len(mails), last - began, tuple(wrong), used, pss_mb(pids))

    async def rest(self, patience: float = 120.0) -> None:
        """Waits until nothing is on its way any more, so that the next run finds the house empty."""
        until = monotonic() + patience
        while monotonic() < until and any(_unpublished(url) for url in self.outbox_urls):
            await asyncio.sleep(0.2)
        mark = -1
        while monotonic() < until and mark != self.sink.mark():
            mark = self.sink.mark()
            await asyncio.sleep(1.0)

    def check(self) -> tuple[str, ...]:
        """What is wrong with all walks together, once everything has come that was late in one of them."""
        wanted = set(self.accepted)
        came = (mail.recipient for mail in self.sink.since(self.first_mark[0]) if mail.recipient in wanted)
        return tuple(ledger.once_each("mails", wanted, came))

    def stop(self) -> None:
        """Stops all of it."""
        for program in self.programs:
            program.stop()

    def _request(self) -> Request:
        run, zone = uuid4().hex, zone_of_day()

        def make(number: int) -> bytes:
            headers = f"Authorization: Bearer {self.key}\r\nIdempotency-Key: {run}-{number}\r\n"
            return post(f"127.0.0.1:{self.port}", _PATH, enquiry(number, zone), headers)

        return make


def zone_of_day() -> str:
    """A time zone where it is about noon: no message waits for the morning."""
    ahead = 12 - datetime.now(UTC).hour
    return "Etc/GMT" if ahead == 0 else f"Etc/GMT{-ahead:+d}"


async def ours(environment: Environment, sink: MailSink) -> House:
    """Every role of every service, supervised, and the sandbox's phone network beside them."""
    environment.fresh_topics()
    urls = {service: environment.database(service) for service in SERVICES}
    database = Database(urls["intake"], "intake", pool_size=1)
    key = await channel_add(database, "bench")
    await database.close()
    layout = Layout(environment.file("house"), environment.claimed.ports)
    settings = {
        "FRONTDESK_DATA_DIR": str(layout.data),
        "FRONTDESK_RUN_DIR": str(layout.run),
        "FRONTDESK_PORT_BASE": str(layout.ports.base),
        "FRONTDESK_NOTIFY_SMTP_PORT": str(sink.port),
        "FRONTDESK_NOTIFY_SMPP_PORT": str(layout.ports.of("sandbox-smsc")),
        "FRONTDESK_NOTIFY_RECEIVER_PORT": str(layout.ports.of("receiver-smtp")),
        "FRONTDESK_NOTIFY_SENDER_RATE": "100000",
        **{f"FRONTDESK_{service.upper()}_DATABASE_URL": url for service, url in urls.items()},
    }
    sandbox = environment.program("deploy.local.sandbox", **settings)
    sandbox.wait("listening", lambda: listens(layout.ports.of("sandbox-smsc")))
    roles = environment.program("deploy.local.roles", **settings)
    roles.wait("ready", lambda: all(_is_ready(layout, process.name) for process in PROCESSES))
    # The sandbox is no part of us: it is stopped with the house and counted nowhere.
    house = House([roles], layout.ports.of("intake"), key, sink, [urls["intake"], urls["notify"]])
    await house.walk(10, 2)
    return house


async def peer(environment: Environment, sink: MailSink) -> House:
    """P1's."""
    environment.declare(*(replace(TOPICS[name], name=_PEERS_TOPICS + name) for name in ("channel-messages", "cases")))
    urls = {service: environment.database(service) for service in ("intake", "notify")}
    port = environment.port()

    def program(module: str, *arguments: str, **settings: str) -> Program:
        return environment.program(
            f"tests.bench.peers.{module}", *arguments, BENCH_TOPIC_PREFIX=_PEERS_TOPICS, **settings
        )

    programs = [
        program("p1_intake", BENCH_PORT=str(port), BENCH_DATABASE=urls["intake"]),
        program("p1_relay", BENCH_DATABASE=urls["intake"]),
        program("p1_front_desk", "intake", BENCH_DATABASE=urls["intake"]),
        program("p1_front_desk", "notify", BENCH_DATABASE=urls["notify"], BENCH_SMTP_PORT=str(sink.port)),
    ]
    programs[0].wait("listening", lambda: listens(port))
    for program in programs[1:]:
        program.wait_said()
    house = House(programs, port, "bench", sink, [urls["intake"]])
    await house.walk(5, 2)
    return house


def _is_ready(layout: Layout, process: str) -> bool:
    told = read_state(layout.run / f"{process}.json")
    return told is not None and told[0].ready


def _unpublished(url: str) -> bool:
    return bool(ledger.rows(url, "SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)")[0][0])
