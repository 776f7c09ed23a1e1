"""A consumer that starts with an empty database reads its state topics to their end before anything else.

Without that, every event would be held for parties that are in the topic but not yet in the copies.
"""

from __future__ import annotations

import asyncio

import structlog
from aiokafka import AIOKafkaConsumer
from sqlalchemy import text

from shared.contracts.access import principal_of
from shared.messaging.batch import Batches
from shared.messaging.crew import BATCH_EVENTS
from shared.messaging.kafka_access import KafkaAccess
from shared.messaging.lanes import record_of
from shared.runtime.service import RoleContext

log = structlog.get_logger(__name__)

_IS_NEW = text(
    "SELECT NOT EXISTS (SELECT FROM inbox WHERE consumer = :consumer) AND NOT EXISTS (SELECT FROM copy) "
    "AND NOT EXISTS (SELECT FROM inbox_fact WHERE consumer = :consumer)"
)


async def read_states(context: RoleContext, batches: Batches) -> None:
    """Applies the state topics up to their present end where this consumer has read nothing yet."""
    async with context.database.connection() as connection:
        if not (await connection.execute(_IS_NEW, {"consumer": context.service.group})).scalar_one():
            return
    # Without a group: every partition is ours, and nothing is committed.
    reader = AIOKafkaConsumer(
        *(copy.event.topic.name for copy in context.service.copies),
        **KafkaAccess.of(context.settings, principal_of(context.service.name)).options(),
        client_id=f"{context.service.group}-states",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await asyncio.wait_for(reader.start(), 20)
    try:
        await _read_to_the_end(context, reader, batches)
    finally:
        await reader.stop()


async def _read_to_the_end(context: RoleContext, reader: AIOKafkaConsumer, batches: Batches) -> None:
    ends = await reader.end_offsets(reader.assignment())
    unread = {tp for tp, end in ends.items() if end > 0}
    count = 0
    while unread and not context.stopping.is_set():
        for messages in (await reader.getmany(timeout_ms=200, max_records=BATCH_EVENTS)).values():
            await batches.process([record_of(message) for message in messages])
            count += len(messages)
        # By position, not by what was read: compaction may leave nothing before the end.
        unread = {tp for tp in unread if await reader.position(tp) < ends[tp]}
    log.info("state topics read to their end", records=count)
