"""Our way out for B9: the outlet and the SMTP connections that the sender role keeps."""

from __future__ import annotations

import asyncio
import os
from time import perf_counter, process_time

from services.notify.providers.result import Accepted
from services.notify.providers.smtp import SmtpProvider, SmtpSettings
from services.notify.sender.outlets import Outlet
from tests.bench.programs.counting import tell
from tests.bench.programs.mails import CONNECTIONS, DOMAIN, FROM, IN_FLIGHT, mails


async def main() -> None:
    """Sends all, tells how long it took."""
    settings = SmtpSettings("127.0.0.1", int(os.environ["BENCH_PORT"]), DOMAIN, FROM, from_name="Frontdesk")
    providers = [SmtpProvider(settings) for _ in range(CONNECTIONS)]
    outlet = Outlet("smtp", providers, concurrency=IN_FLIGHT, rate=1_000_000)
    waiting = iter(mails(int(os.environ["BENCH_EVENTS"])))
    accepted = 0

    async def work() -> None:
        nonlocal accepted
        for mail in waiting:
            answer = await outlet.send(mail)
            accepted += isinstance(answer, Accepted)

    began, cpu = perf_counter(), process_time()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    tell(perf_counter() - began, process_time() - cpu, accepted)
    await outlet.close()


if __name__ == "__main__":
    asyncio.run(main())
