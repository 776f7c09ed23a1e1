"""The consumer role: Faust hands batches over, `Batches` applies them, offsets follow the database."""

from __future__ import annotations

import asyncio
import hashlib
import platform
import shutil
import tempfile
from datetime import timedelta

import faust
import structlog
from aiokafka.errors import KafkaError
from faust.types import TP

from shared.contracts.access import principal_of
from shared.contracts.topics import TOPICS
from shared.kernel import clock
from shared.messaging.applying import Applier
from shared.messaging.batch import Batches, is_away
from shared.messaging.brake import Brake
from shared.messaging.faust_names import check_faust
from shared.messaging.held_retry import HeldRetry
from shared.messaging.kafka_access import KafkaAccess
from shared.messaging.lanes import Transport
from shared.messaging.new_reader import read_states
from shared.messaging.record import Record
from shared.messaging.watching import EVERY_SECONDS, Sayer, look_at_unread
from shared.runtime.service import RoleContext
from shared.runtime.settings import CommonSettings
from shared.telemetry import metrics, spans

log = structlog.get_logger(__name__)

SESSION_SECONDS = 6.0
_HEARTBEAT_SECONDS = 2.0
_STUCK_SECONDS = 60.0
_WATCH_SECONDS = 0.2


class ConsumerFailed(Exception):
    """Faust ended by itself; the process ends and the supervisor starts it again."""


async def run(context: RoleContext) -> None:
    """Works until `context.stopping` is set, then finishes the batches in flight, commits and leaves the group."""
    check_faust()
    settings = context.settings
    context.health.stuck_after = _STUCK_SECONDS
    group, build = context.service.group, settings.code_version
    brake = Brake(context.database, group, build, things=settings.brake_things, window=settings.brake_window)

    async def shortened(topic: str, partition: int) -> bool:
        return await is_shortened(app, topic, partition)

    batches = Batches(context.database, Applier(context.service, build), context.health, brake, shortened)
    held = HeldRetry(context.database, batches, group, build, brake)

    async def handle(records: list[Record]) -> None:
        first = records[0]
        with spans.processing_batch(first.topic, context.service.group, map(_traceparent, records), len(records)):
            released = await batches.process(records)
        if first.written_at is not None:
            metrics.EVENT_AGE.record(clock.now().timestamp() - first.written_at, topic=first.topic)
        if released:
            await held.run_released()

    await read_states(context, batches)
    scratch = _scratch(settings)
    app = build_app(context, scratch)
    app.handle = handle
    app.transport = Transport(app.conf.broker_consumer, app)
    for name in subscribed(context.service.name):
        app.topics.add(app.topic(name, key_type=bytes, value_type=bytes))
    try:
        await app.start()
        await _watch(context, app, batches, brake)
    finally:
        context.health.unready("draining")
        if context.stopping.is_set():
            app.consumer.leave_at_stop()  # who crashed comes back under its name
        await app.stop()
        shutil.rmtree(scratch, ignore_errors=True)


def subscribed(service: str) -> list[str]:
    """The topics that `service` reads, by the registry."""
    return sorted(name for name, topic in TOPICS.items() if service in topic.consumers)


def member_name(settings: CommonSettings) -> str | None:
    """The name under which a process comes back into its group (KIP-345): whoever died is replaced at once by the next
    of the same name, instead of after its session. None where nobody vouches that only one process has the name.
    """
    if settings.run_dir is None or settings.process_name is None:
        return None
    place = hashlib.sha256(f"{platform.node()} {settings.run_dir.resolve()}".encode()).hexdigest()[:12]
    return f"{settings.process_name}-{place}"


def _scratch(settings: CommonSettings) -> str:
    """A folder for Faust, which wants one. Whoever died leaves it to the next of the same name."""
    if settings.run_dir is None or settings.process_name is None:
        return tempfile.mkdtemp(prefix="frontdesk-faust-")
    folder = settings.run_dir / f"{settings.process_name}-faust"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def build_app(context: RoleContext, scratch: str) -> faust.App:
    """Faust as a group member: no tables, no web server, no producer, no topics of its own."""
    access = KafkaAccess.of(context.settings, principal_of(context.service.name))
    return faust.App(
        context.service.group,
        broker=[f"kafka://{address}" for address in access.addresses],
        broker_credentials=access.faust_credentials(),
        store="memory://",
        datadir=scratch,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=member_name(context.settings),
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=_HEARTBEAT_SECONDS,
        broker_request_timeout=15.0,
        broker_rebalance_timeout=20.0,
        broker_commit_interval=1.0,
        broker_max_poll_records=500,
        # A long absence of the database with every lane full fetches nothing; aiokafka would leave the group.
        broker_max_poll_interval=timedelta(days=1).total_seconds(),
        stream_wait_empty=False,
        loop=asyncio.get_running_loop(),
    )


async def is_shortened(app: faust.App, topic: str, partition: int) -> bool:
    """Whether a partition's first records are gone, by its oldest offset. Raises OSError where the broker is silent."""
    tp = TP(topic, partition)
    try:
        return bool((await app.consumer.earliest_offsets(tp))[tp] > 0)
    except KafkaError as error:
        raise ConnectionError(type(error).__name__) from error


def _traceparent(record: Record) -> str | None:
    # A header may be there and have no value: Kafka allows it, and anybody may write it.
    told = next((value for name, value in record.headers if name == "ce_traceparent"), None)
    return None if told is None else told.decode(errors="replace")


async def _watch(context: RoleContext, app: faust.App, batches: Batches, brake: Brake) -> None:
    """Tells readiness and progress until it is time to stop. Raises ConsumerFailed when Faust has given up."""
    sayer, look_at = Sayer(), clock.monotonic()
    while not context.stopping.is_set():
        if app.crashed or app.should_stop:
            raise ConsumerFailed("faust stopped by itself; its log lines say why")
        lanes = app._fetcher
        await _look(context, brake)
        if clock.monotonic() >= look_at:
            _measure(app, sayer)
            look_at = clock.monotonic() + EVERY_SECONDS
        # A batch that waits for an absent database or for the brake is no reason to be restarted, nor is one that did.
        if lanes.oldest > 0 and context.health.not_ready not in ("database", "brake"):
            context.health.busy(min(lanes.oldest, clock.monotonic() - batches.worked_since))
        else:
            context.health.done()
        reason = _not_ready(app) or ("brake" if brake.on else None)
        if reason is not None:
            context.health.unready(reason)
        elif context.health.not_ready != "database":
            context.health.ready()
        await context.rest(_WATCH_SECONDS)


def _measure(app: faust.App, sayer: Sayer) -> None:
    unread = app._fetcher.unread
    look_at_unread(unread.values(), sayer)
    for tp in app.consumer.assignment():
        behind = (app.consumer.highwater(tp) or 0) - unread[tp].offset if tp in unread else 0
        metrics.LAG.set(max(behind, 0), topic=tp.topic, partition=tp.partition)


async def _look(context: RoleContext, brake: Brake) -> None:
    before = brake.looked_at
    try:
        await brake.look_if_due()
    except Exception as error:
        if not is_away(error):
            raise
        context.health.unready("database")
        return
    if brake.looked_at != before and context.health.not_ready == "database":
        context.health.ready()


def _not_ready(app: faust.App) -> str | None:
    if not app.started or app.rebalancing:
        return "rebalancing"
    if not app.flow_control.is_active():
        return "paused"
    return None
