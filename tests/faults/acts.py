"""Staff at work and people who answer, so that journeys go on to their ends while the load runs.

They look into the databases instead of asking the APIs for news: hundreds of watchers would be a load of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4, uuid5

import httpx
import psycopg

from deploy.local.layout import Layout
from shared.kernel import clock
from tests.faults.entries import Ledger, Try
from tests.faults.sending import Json, Sender
from tests.support.books import Stores

_LOOK_SECONDS = 0.4
_AT_ONCE = 12
_MAIL_DOMAIN = "frontdesk.example"

_TICKETS = "SELECT id, state, times_reopened FROM ticket WHERE state IN ('registered', 'investigating') LIMIT 200"
_VISITS = "SELECT id, revision FROM visit WHERE state = 'approving' LIMIT 200"
_QUESTIONS = (
    "SELECT m.id, m.channel, m.address, m.sender FROM message m JOIN thread t ON t.message_id = m.id "
    "WHERE t.closed_at IS NULL AND m.state IN ('submitted', 'delivered') ORDER BY t.opened_at DESC LIMIT 300"
)
_DISSATISFIED = 7
"""One answer in so many says that it is not mended; the ticket is opened again."""


class Acts:
    """`run` until cancelled; `finish` waits for what has been begun."""

    def __init__(self, layout: Layout, stores: Stores, sender: Sender, ledger: Ledger) -> None:
        self._layout = layout
        self._stores = stores
        self._sender = sender
        self._ledger = ledger
        self._begun: set[str] = set()
        self._doing: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._sandbox = httpx.AsyncClient(timeout=15)

    async def run(self) -> None:
        """Looks for what is to be done, and has it done."""
        while True:
            try:
                tickets = await asyncio.to_thread(self._stores.rows, "complaints", _TICKETS)
                visits = await asyncio.to_thread(self._stores.rows, "intake", _VISITS)
                questions = await asyncio.to_thread(self._stores.rows, "notify", _QUESTIONS)
            except psycopg.OperationalError:  # the database is what is being broken just now
                tickets = visits = questions = []
            for row in tickets:
                self._begin(f"ticket {row['id']} {row['times_reopened']}", lambda row=row: self._ticket(row))
            for row in visits:
                self._begin(f"visit {row['id']} {row['revision']}", lambda row=row: self._visit(row))
            for row in questions:
                self._begin(f"answer {row['id']}", lambda row=row: self._answer(row))
            await asyncio.sleep(_LOOK_SECONDS)

    async def finish(self, seconds: float) -> None:
        """Waits for what has been begun, and lets go of the rest."""
        if self._doing:
            await asyncio.wait(self._doing, timeout=seconds)
        for task in self._doing:
            task.cancel()
        await self._sandbox.aclose()

    def _begin(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        if name in self._begun:
            return
        self._begun.add(name)

        async def do() -> None:
            async with self._free:
                await act()

        task = asyncio.create_task(do())
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def _ticket(self, row: dict[str, Any]) -> None:
        who = "quality" if row["times_reopened"] > 1 else "supervisor"
        steps: list[tuple[str, str, Json]] = [
            (who, "investigate", {"findings": "Cause found."}),
            ("supervisor", "resolve", {"reason": "Mended on the spot."}),
        ]
        if row["state"] == "registered":
            steps = [("supervisor", "judge", {"valid": True}), ("supervisor", "assign", {}), *steps]
        await self._steps("complaints", f"/tickets/{row['id']}", str(row["id"]), steps)

    async def _visit(self, row: dict[str, Any]) -> None:
        steps: Sequence[tuple[str, str, Json]] = [
            ("sales-head", "approve", {"revision": row["revision"]}),
            ("reception", "confirm", {}),
            ("reception", "arrive", {}),
            ("reception", "depart", {}),
        ]
        await self._steps("intake", f"/visits/{row['id']}", str(row["id"]), steps)

    async def _steps(self, service: str, path: str, thing: str, steps: Sequence[tuple[str, str, Json]]) -> None:
        for who, command, body in steps:
            entry = self._ledger.open("act", str(uuid4()), what=f"{service} {command}", thing=thing)
            if await self._sender.ask(entry, f"{self._layout.api(service)}{path}/{command}", body, who) is None:
                return

    async def _answer(self, row: dict[str, Any]) -> None:
        """The person answers what was asked, the way it was asked; `taken` means that our side has stored it."""
        worse = row["id"].int % _DISSATISFIED == 0
        text = "3, it is still broken" if worse else "1"
        if row["channel"] == "sms":
            path, body = "/reply/sms", {"from": row["address"], "to": row["sender"], "text": text}
        else:
            path, body = "/reply/email", {"reference": f"<{row['id']}@{_MAIL_DOMAIN}>", "text": text}
        entry = self._ledger.open("answer", str(uuid5(row["id"], "answer")), thing=str(row["id"]))
        while not entry.taken and not self._sender.giving_up.is_set():
            at, began = clock.now(), clock.monotonic()
            try:
                answer = await self._sandbox.post(f"{self._layout.inbox}{path}", json=body)
                told: int | str = answer.status_code
                if answer.is_success and not answer.json()["taken"]:
                    told = "not-taken"
            except httpx.TransportError as error:
                told = type(error).__name__
            entry.tries.append(Try(at, told, clock.monotonic() - began))
            if not entry.taken:
                await self._sender.rest(1.0)
