"""A mail server that takes every mail as fast as asyncio can, with the extensions that a stock Postfix offers.

Writes a line per mail that it has answered 250 to: recipient, Message-ID, instant (`time.monotonic`).
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from time import monotonic
from typing import IO, Any

_EHLO = b"250-sink.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n"
_OK = b"250 2.0.0 Ok\r\n"
_ANSWERS = {
    b"EHLO": _EHLO,
    b"HELO": b"250 sink.example\r\n",
    b"DATA": b"354 go ahead\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
_MESSAGE_ID = re.compile(rb"(?im)^Message-ID:\s*(\S+)")
_RECIPIENT = re.compile(rb"(?i)^RCPT TO:\s*<([^>]*)>")


class Dialogue(asyncio.Protocol):
    """One connection."""

    def __init__(self, taken: IO[str]) -> None:
        self._taken = taken
        self._buffer = b""
        self._in_data = False
        self._recipient = ""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers = []
        while True:
            mark = b"\r\n.\r\n" if self._in_data else b"\r\n"
            whole, found, rest = self._buffer.partition(mark)
            if not found:
                break
            self._buffer = rest
            answers.append(self._mail(whole) if self._in_data else self._command(whole))
        if answers:
            self._transport.write(b"".join(answers))
            if answers[-1] is _ANSWERS[b"QUIT"]:
                self._transport.close()

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"RCPT" and (recipient := _RECIPIENT.match(line)):
            self._recipient = recipient[1].decode()
        self._in_data = verb == b"DATA"
        return _ANSWERS.get(verb, _OK)

    def _mail(self, octets: bytes) -> bytes:
        self._in_data = False
        message_id = _MESSAGE_ID.search(octets)
        self._taken.write(f"{self._recipient} {message_id[1].decode() if message_id else '-'} {monotonic():.6f}\n")
        return _OK


async def main(taken: IO[str]) -> None:
    """For ever."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Dialogue(taken), "127.0.0.1", int(os.environ["BENCH_PORT"]))
    print("ready", flush=True)  # noqa: T201 - the harness waits for it
    await server.serve_forever()


if __name__ == "__main__":
    with Path(os.environ["BENCH_RESULT"]).open("a", buffering=1, encoding="utf-8") as file:
        asyncio.run(main(file))
