"""The channel of somebody else: complaints written to the outside topic by a client that is none of ours."""

from __future__ import annotations

import asyncio
import contextlib

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.kernel import clock
from tests.faults.entries import Entry, Try
from tests.faults.sending import AGAIN_SECONDS, Json

TOPIC = "channel-messages"
_HEADERS = [("content-type", b"application/cloudevents+json; charset=utf-8")]
_PATIENCE_SECONDS = 15.0


class OutsideChannel:
    """Writes an event until the broker acknowledges it: the same event, with the same id."""

    def __init__(self, bootstrap: str, giving_up: asyncio.Event) -> None:
        self._bootstrap = bootstrap
        self._giving_up = giving_up
        self._producer: AIOKafkaProducer | None = None

    async def open(self) -> None:
        """Connects."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=10_000,
            retry_backoff_ms=500,
        )
        await self._producer.start()

    async def close(self) -> None:
        """Lets go; what was never acknowledged may be lost."""
        if self._producer is not None:
            with contextlib.suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(self._producer.stop(), 5)

    async def write(self, entry: Entry, event: Json) -> None:
        """Returns once it is acknowledged, or it is time to give up."""
        assert self._producer is not None
        while not entry.taken and not self._giving_up.is_set():
            at, began = clock.now(), clock.monotonic()
            try:
                await asyncio.wait_for(
                    self._producer.send_and_wait(
                        TOPIC, key=entry.key.encode(), value=orjson.dumps(event), headers=_HEADERS
                    ),
                    _PATIENCE_SECONDS,
                )
                answer = "acknowledged"
            except (KafkaError, TimeoutError) as error:
                answer = type(error).__name__
            entry.tries.append(Try(at, answer, clock.monotonic() - began))
            if not entry.taken:
                await asyncio.sleep(AGAIN_SECONDS)
