"""The three servers of the sandbox as one thing that starts and stops; also what tests use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn

from deploy.local.sandbox import people
from deploy.local.sandbox.api import create_api
from deploy.local.sandbox.faults import Faults
from deploy.local.sandbox.inbox import KEPT, Inbox, Received
from deploy.local.sandbox.mailbox import Mailbox
from deploy.local.sandbox.phones import Phones
from deploy.local.sandbox.smsc import Smsc

NUMBERS = ("+861069000001", "+861069000002", "+861069000003")
"""The pool of numbers that an account of the sandbox may send from."""

SYSTEM_ID = "frontdesk"
PASSWORD = "sandbox1"
"""Of a laptop's sandbox only; eight characters are all that SMPP 3.4 carries."""


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Ports, 0 meaning any free one, and what the sandbox expects of its clients."""

    smtp_port: int = 0
    smsc_port: int = 0
    http_port: int | None = 0
    """None: no HTTP."""
    reports_to: tuple[str, int] | None = None
    """Host and port of the mail server that takes reports and answers; None: none are written."""
    host: str = "127.0.0.1"
    system_id: str = SYSTEM_ID
    password: str = PASSWORD
    numbers: tuple[str, ...] = NUMBERS
    seed: int = 0
    kept: int = KEPT


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs the sandbox."""
        yield


class Sandbox:
    """After `start`, the ports are known; `stop` frees them."""

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self.inbox = Inbox(self.settings.kept)
        self.faults = Faults()
        self.smsc = Smsc(
            (self.settings.system_id, self.settings.password),
            frozenset(self.settings.numbers),
            Phones(self.inbox),
            self.faults,
            self.settings.seed,
        )
        self.mailbox = Mailbox(self.inbox, self.faults, self.settings.reports_to, self.settings.seed)
        self.smtp_port = self.smsc_port = self.http_port = 0
        self._http: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listens on all ports. Raises OSError when one is taken."""
        self.smtp_port = await self.mailbox.start(self.settings.host, self.settings.smtp_port)
        self.smsc_port = await self.smsc.start(self.settings.host, self.settings.smsc_port)
        if self.settings.http_port is not None:
            await self._start_http(self.settings.http_port)

    async def stop(self) -> None:
        """Frees the ports and cuts every connection."""
        if self._http is not None and self._serving is not None:
            self._http.should_exit = True
            await self._serving
        await self.smsc.stop()
        await self.mailbox.stop()

    async def phone_sends(self, sender: str, recipient: str, text: str) -> bool:
        """A phone sends a text to one of our numbers; True once it is stored there."""
        return await self.smsc.phone_sends(sender, recipient, text)

    async def person_answers(self, received: Received, text: str, *, auto: bool = False) -> bool:
        """The reader of a mail answers it; True once the answer is stored."""
        mail = people.answer(received, text, auto=auto)
        return await self.mailbox.deliver(mail, sender=received.recipient, recipient=people.address(mail))

    async def person_writes(self, sender: str, recipient: str, subject: str, text: str) -> bool:
        """Somebody writes a mail out of the blue; True once it is stored."""
        mail = people.letter(sender=sender, recipient=recipient, subject=subject, text=text)
        return await self.mailbox.deliver(mail, sender=sender, recipient=recipient)

    async def _start_http(self, port: int) -> None:
        listening = await asyncio.get_running_loop().create_server(asyncio.Protocol, self.settings.host, port)
        taken = listening.sockets[0]
        self.http_port = taken.getsockname()[1]
        duplicate = taken.dup()
        listening.close()
        await listening.wait_closed()
        config = uvicorn.Config(create_api(self), log_level="warning", access_log=False, lifespan="off")
        self._http = _Server(config)
        self._serving = asyncio.create_task(self._http.serve(sockets=[duplicate]))
        while not self._http.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(0.01)
