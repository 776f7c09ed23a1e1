"""Load over HTTP/1.1 on raw asyncio connections, kept alive: about 25 µs a request, so that the server is measured.

Closed loop (each connection sends when it has its answer) for capacity; open loop (requests leave at their instants,
whatever became of those before) for latency, counted from the instant at which the request should have left.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

Request = Callable[[int], bytes]
"""The bytes of the request of that number."""


class LoadTrouble(RuntimeError):
    """The server hung up or answered what is no HTTP."""


@dataclass(slots=True)
class Answers:
    """What came back: (number, status, body, seconds from the intended sending)."""

    rows: list[tuple[int, int, bytes, float]] = field(default_factory=list)
    intended: dict[int, float] = field(default_factory=dict)
    """Of an open loop: number → the instant (`time.monotonic`) at which it should have left."""
    seconds: float = 0.0
    most_behind: float = 0.0
    """By how much the client itself was late in sending, at worst."""

    @property
    def good(self) -> list[tuple[int, int, bytes, float]]:
        """Those with a 2xx."""
        return [row for row in self.rows if 200 <= row[1] < 300]

    @property
    def errors(self) -> int:
        """How many were answered otherwise."""
        return len(self.rows) - len(self.good)

    def percentile(self, share: float) -> float:
        """Milliseconds within which `share` (0 … 1) of the answers came."""
        return percentile([row[3] for row in self.rows], share) * 1000


def percentile(values: list[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def post(host: str, path: str, body: bytes, headers: str = "") -> bytes:
    """The bytes of a POST with a JSON body; `headers`: further lines, each ended by CRLF."""
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One connection with at most one request in flight."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._waiting is None:
            return
        head = bytes(self._buffer[:end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        self._buffer.clear()
        waiting, self._waiting = self._waiting, None
        if not waiting.done():
            waiting.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(LoadTrouble("the server hung up"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Sends and waits: (status, body)."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hangs up."""
        self._transport.close()


async def connect(port: int, count: int) -> list[Connection]:
    """`count` connections to a local server."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Connection, "127.0.0.1", port) for _ in range(count)]
    return [protocol for _, protocol in made]


async def closed_loop(port: int, connections: int, seconds: float, request: Request, first: int = 0) -> Answers:
    """As fast as `connections` get answers, for `seconds`; what is in flight then is waited for and counted."""
    answers, numbers = Answers(), iter(range(first, 1 << 62))
    began = monotonic()
    until = began + seconds

    async def work(connection: Connection) -> None:
        while (sent := monotonic()) < until:
            number = next(numbers)
            status, body = await connection.ask(request(number))
            answers.rows.append((number, status, body, monotonic() - sent))

    opened = await connect(port, connections)
    began = monotonic()
    until = began + seconds
    await asyncio.gather(*map(work, opened))
    answers.seconds = monotonic() - began
    for connection in opened:
        connection.close()
    return answers


async def open_loop(
    port: int, rate: float, seconds: float, request: Request, first: int = 0, connections: int = 64
) -> Answers:
    """`rate` requests a second for `seconds`. A request for which no connection is free waits, and that counts."""
    answers = Answers()
    free = deque(await connect(port, connections))
    opened = list(free)
    someone_free = asyncio.Condition()
    tasks: set[asyncio.Task[None]] = set()

    async def send(number: int, intended: float) -> None:
        async with someone_free:
            await someone_free.wait_for(lambda: bool(free))
            connection = free.popleft()
        status, body = await connection.ask(request(number))
        answers.rows.append((number, status, body, monotonic() - intended))
        async with someone_free:
            free.append(connection)
            someone_free.notify()

    async def fire(index: int, intended: float) -> None:
        answers.intended[first + index] = intended
        tasks.add(asyncio.create_task(send(first + index, intended)))

    await at_instants(rate, seconds, fire, answers)
    await asyncio.gather(*tasks)
    for connection in opened:
        connection.close()
    return answers


async def at_instants(
    rate: float, seconds: float, fire: Callable[[int, float], Any], answers: Answers | None = None
) -> None:
    """Awaits `fire(index, intended instant)` at each of the instants of an open loop; never leaves one out."""
    began = monotonic()
    for index in range(int(rate * seconds)):
        intended = began + index / rate
        pause = intended - monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        elif answers is not None:
            answers.most_behind = max(answers.most_behind, -pause)
        await fire(index, intended)
    if answers is not None:
        answers.seconds = monotonic() - began
