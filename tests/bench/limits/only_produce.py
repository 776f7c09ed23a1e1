"""The relay's producer with the same records and nothing else: no database, no batches, no waiting in between."""

from __future__ import annotations

import asyncio
import os
import pickle
from pathlib import Path
from time import perf_counter, process_time

from shared.messaging.kafka_access import KafkaAccess
from shared.messaging.relay import new_producer
from tests.bench.payloads import Stored
from tests.bench.programs.counting import tell


async def main(events: list[Stored]) -> None:
    """Sends them all, waits for every answer, tells seconds and CPU-seconds."""
    producer = new_producer(KafkaAccess(os.environ["BENCH_BOOTSTRAP"]), "bench")
    await producer.start()
    try:
        began, cpu = perf_counter(), process_time()
        answers = [
            await producer.send(event.topic, key=event.key.encode(), value=event.payload, headers=event.record_headers)
            for event in events
        ]
        await asyncio.gather(*answers)
        tell(perf_counter() - began, process_time() - cpu, len(events))
    finally:
        await producer.stop()


if __name__ == "__main__":
    asyncio.run(main(pickle.loads(Path(os.environ["BENCH_BACKLOG"]).read_bytes())))
