"""aiokafka's getmany without any work: how fast records come out of the client."""

from __future__ import annotations

import asyncio
import os

from aiokafka import AIOKafkaConsumer

from tests.bench.programs.counting import Counting


async def main() -> None:
    """For ever."""
    counting = Counting()
    reader = AIOKafkaConsumer(
        "tickets",
        bootstrap_servers=os.environ["BENCH_BOOTSTRAP"],
        group_id="plain-no-op",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=500,
    )
    await reader.start()
    try:
        while True:
            for partition, messages in (await reader.getmany(timeout_ms=500)).items():
                counting.one_more(len(messages))
                await reader.commit({partition: messages[-1].offset + 1})
    finally:
        await reader.stop()


if __name__ == "__main__":
    asyncio.run(main())
