"""A TCP proxy between our clients and the broker that can lose the line, one way or both, be slow, or reset."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_CHUNK = 64 * 1024
_RESET_NOT_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Line:
    """How the line is now."""

    up: bool = True
    """Whether what clients send arrives."""
    down: bool = True
    """Whether what the broker sends arrives."""
    delay: float = 0.0
    """Seconds that every piece takes, each way."""


class Proxy:
    """Listens on `port` and connects to `target`, both on 127.0.0.1. What is lost comes later, as with TCP."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self.line = Line()

    async def start(self) -> None:
        """Raises OSError where the port is taken."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)

    async def stop(self) -> None:
        """Cuts every connection."""
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def set(self, line: Line) -> None:
        """From now on the line is like this."""
        self.line = line
        self._changed.set()
        self._changed = asyncio.Event()

    def reset(self) -> None:
        """Every connection ends with RST, on both sides."""
        for pair in list(self._pairs):
            for writer in pair:
                sock = writer.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_NOT_CLOSE)
                writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._carry(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._pairs.add((writer, back))
        try:
            ways = [
                asyncio.create_task(self._pump(reader, back, up=True)),
                asyncio.create_task(self._pump(there, writer, up=False)),
            ]
            _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in left:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._pairs.discard((writer, back))
            back.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        while data := await reader.read(_CHUNK):
            if self.line.delay:
                await asyncio.sleep(self.line.delay)
            while not (self.line.up if up else self.line.down):
                await self._changed.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def proxy(port: int, target: int) -> AsyncIterator[Proxy]:
    """A proxy that is gone afterwards."""
    made = Proxy(port, target)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
