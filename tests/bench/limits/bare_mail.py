"""A bare asyncio client for B9: mails written down beforehand, as many connections as ours, commands pipelined."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from time import perf_counter, process_time

from services.notify.providers.composing import octets
from tests.bench.programs.counting import tell
from tests.bench.programs.mails import CONNECTIONS, DOMAIN, FROM, mails


async def dialogue(port: int, written: Iterator[tuple[bytes, bytes]]) -> int:
    """One connection's mails; returns how many were taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(b"EHLO bench\r\n")
    while not (await reader.readline()).startswith(b"250 "):
        pass
    taken = 0
    for envelope, content in written:
        writer.write(envelope)
        for _ in range(3):
            await reader.readline()
        writer.write(content)
        taken += (await reader.readline()).startswith(b"250")
    writer.close()
    return taken


async def main() -> None:
    """Sends all, tells how long it took."""
    port = int(os.environ["BENCH_PORT"])
    written = []
    for mail in mails(int(os.environ["BENCH_EVENTS"])):
        content = octets(mail, from_name="Frontdesk", from_address=FROM, domain=DOMAIN)
        envelope = f"MAIL FROM:<bounce@{DOMAIN}>\r\nRCPT TO:<{mail.recipient}>\r\nDATA\r\n".encode()
        written.append((envelope, content + b"\r\n.\r\n"))
    waiting = iter(written)
    began, cpu = perf_counter(), process_time()
    taken = await asyncio.gather(*(dialogue(port, waiting) for _ in range(CONNECTIONS)))
    tell(perf_counter() - began, process_time() - cpu, sum(taken))


if __name__ == "__main__":
    asyncio.run(main())
