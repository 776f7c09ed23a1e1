"""The load: open loop, seeded, mixed. Requests go out when they are meant to, however long the answers take."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

from deploy.local.demo import complaints, visits
from deploy.local.demo.cast import SHOP, WEB, Cast, Person
from deploy.local.layout import Layout
from shared.kernel import clock
from tests.faults.entries import DOORS, Kind, Ledger
from tests.faults.outside import OutsideChannel
from tests.faults.sending import Json, Sender

SHARES: dict[Kind, int] = {"complaint": 50, "outside": 15, "visit": 25, "enquiry": 10}
"""Of a hundred requests."""

ASK_ONCE = 0.1
"""The share of callers that never repeat a request: whatever was not answered must have left nothing half done."""

_ARRIVAL_IN = timedelta(seconds=50)
_PHONES = 0.6
_DOMAIN = "faults.frontdesk.example"
_NAMES = {"zh-CN": ("王伟", "李娜", "张敏", "刘洋"), "en": ("Ada Brook", "Ben Carter", "Cora Dale", "Dan Ellis")}


class Load:
    """`run` sends until `stop`; `finish` waits for the answers that are still to come."""

    def __init__(self, layout: Layout, sender: Sender, outside: OutsideChannel, ledger: Ledger, seed: int) -> None:
        self._layout = layout
        self._sender = sender
        self._outside = outside
        self._ledger = ledger
        self._random = random.Random(seed)
        self._kinds = DOORS
        self._zone = Cast(clock.now()).day_zone
        self._asking: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()
        self.sent = 0
        self.failure: BaseException | None = None
        """A mistake in the generator itself: the run counts for nothing."""
        self.latest = 0.0
        """Seconds by which the generator was late at worst: an honest open loop keeps this small."""

    async def run(self, rate: float) -> None:
        """So many requests a second, evenly, until `stop`."""
        begun, number = clock.monotonic(), 0
        while not self._stopped.is_set():
            number += 1
            late = clock.monotonic() - (begun + number / rate)
            self.latest = max(self.latest, late)
            if late < 0:
                await asyncio.sleep(-late)
            self._send_one()

    def without(self, kind: Kind) -> None:
        """Sends none of this kind."""
        self._kinds = tuple(each for each in self._kinds if each != kind)

    def send_marked(self, words: str, channel: str) -> None:
        """One complaint with these words in it, beside the others."""
        key = str(UUID(int=self._random.getrandbits(128), version=4))
        self._begin(self._ask("complaint", key, self._person(), once=False, words=words, channel=channel))

    def stop(self) -> None:
        """No further requests."""
        self._stopped.set()

    async def finish(self, seconds: float) -> None:
        """Waits for answers, then gives the rest up."""
        if self._asking:
            await asyncio.wait(self._asking, timeout=seconds)
        self._sender.giving_up.set()
        if self._asking:
            await asyncio.wait(self._asking, timeout=20)
        for task in self._asking:
            task.cancel()

    def _send_one(self) -> None:
        self.sent += 1
        kind: Kind = self._random.choices(self._kinds, weights=[SHARES[kind] for kind in self._kinds])[0]
        person, key = self._person(), str(UUID(int=self._random.getrandbits(128), version=4))
        self._begin(self._ask(kind, key, person, once=self._random.random() < ASK_ONCE))

    def _begin(self, asking: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(asking)
        self._asking.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failure = task.exception()
            self._stopped.set()

    async def _ask(
        self, kind: Kind, key: str, person: Person, *, once: bool, words: str = "", channel: str = WEB
    ) -> None:
        entry = self._ledger.open(kind, key)
        entry.asks_again = not once
        intake = self._layout.api("intake")
        if kind == "outside":
            entry.thing = key
            await self._outside.write(entry, _event(person, key))
        elif kind == "visit":
            body = visits.request(person, clock.now() + _ARRIVAL_IN)
            body["purpose"] = f"{body['purpose']} [{key}]"
            answer = await self._sender.ask(entry, f"{intake}/channel-visits", body, WEB)
            entry.thing = None if answer is None else str(answer["id"])
        else:
            body = _message(person, key, kind, words)
            answer = await self._sender.ask(entry, f"{intake}/channel-messages", body, channel)
            entry.thing = None if answer is None else str(answer["id"])

    def _person(self) -> Person:
        language = self._random.choice(("zh-CN", "en"))
        name, drawn = self._random.choice(_NAMES[language]), self._random.getrandbits(64)
        if self._random.random() < _PHONES:
            phone = f"+861{'3578'[drawn % 4]}{drawn % 10**9:09}"
            return Person(name, language, self._zone, phone=phone)
        return Person(name, language, self._zone, email=f"{drawn:016x}@{_DOMAIN}")


def _message(person: Person, key: str, kind: Kind, words: str) -> Json:
    body = complaints.report(person, 0)
    return {**body, "purpose": kind, "text": f"{body['text']} {words} [{key}]"}


def _event(person: Person, key: str) -> Json:
    """What somebody else's channel writes: the complaint under an id that the ledger knows."""
    event = complaints.outside_event(person, 0)
    data = {**event["data"], "message_id": key, "text": f"{event['data']['text']} [{key}]"}
    return {**event, "id": key, "partitionkey": key, "source": f"/channels/{SHOP}", "data": data}
