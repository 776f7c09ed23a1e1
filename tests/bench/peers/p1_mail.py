"""P1's mail: aiosmtplib's `send`, which opens a connection per mail and closes it."""

from __future__ import annotations

import asyncio
import os
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from time import perf_counter, process_time

import aiosmtplib

from services.notify.providers.result import Outbound
from tests.bench.programs.counting import tell
from tests.bench.programs.mails import DOMAIN, FROM, IN_FLIGHT, mails


def composed(mail: Outbound) -> EmailMessage:
    """The same mail as ours, as the library's page shows it."""
    message = EmailMessage()
    message["From"] = f"Frontdesk <{FROM}>"
    message["To"] = mail.recipient
    message["Reply-To"] = mail.sender
    message["Subject"] = mail.subject
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain=DOMAIN)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


async def main() -> None:
    """Sends all, tells how long it took."""
    port = int(os.environ["BENCH_PORT"])
    waiting = iter(mails(int(os.environ["BENCH_EVENTS"])))
    accepted = 0

    async def work() -> None:
        nonlocal accepted
        for mail in waiting:
            await aiosmtplib.send(composed(mail), hostname="127.0.0.1", port=port)
            accepted += 1

    began, cpu = perf_counter(), process_time()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    tell(perf_counter() - began, process_time() - cpu, accepted)


if __name__ == "__main__":
    asyncio.run(main())
