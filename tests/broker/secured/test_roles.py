"""Roles on a broker with logins: an event's whole way, and what they say where a login or a right is missing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
import structlog

from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.messaging import consumer, relay
from shared.messaging.reactions import Reaction
from shared.runtime.main import REFUSED
from shared.store.cause import Cause
from tests.broker.secured.conftest import Secured
from tests.support.core import Bench, effect, progressed, service_of
from tests.support.scripts import ROOT, environment

UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


async def test_an_event_goes_from_an_outbox_to_another_services_reaction(
    secured: Secured, database_of: Callable[[str], str]
) -> None:
    complaints = service_of("complaints", database_of("complaints"))
    callbacks = service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)])
    bench = await Bench(callbacks).prepare()
    ticket = uuid4()
    roles = [secured.context(complaints, "relay"), secured.context(callbacks, "consumer")]
    tasks = [asyncio.create_task(relay.run(roles[0])), asyncio.create_task(consumer.run(roles[1]))]

    for _ in range(3):
        async with roles[0].database.transaction(Cause.of_person()) as uow:
            uow.publish(progressed(ticket))
    async with asyncio.timeout(90):
        while len([key for key, _ in await bench.effects() if key == str(ticket)]) < 3:
            await asyncio.sleep(0.1)
            assert not any(task.done() for task in tasks), [task.exception() for task in tasks if task.done()]

    for role in roles:
        role.stopping.set()
    await asyncio.gather(*tasks)
    assert [number for key, number in await bench.effects() if key == str(ticket)] == [1, 2, 3]


async def test_given_a_right_taken_from_a_running_relay_when_given_back_then_it_goes_on_and_nothing_is_lost(
    secured: Secured, without: Callable[[str, str, str], None], database_of: Callable[[str], str]
) -> None:
    complaints = service_of("complaints", database_of("complaints"))
    bench = Bench(complaints)
    role = secured.context(complaints, "relay")

    async def publish() -> None:
        async with role.database.transaction(Cause.of_person()) as uow:
            uow.publish(progressed(uuid4()))

    async def until(left: int, not_ready: str | None) -> None:
        async with asyncio.timeout(60):
            while (await bench.rows(UNPUBLISHED), role.health.not_ready) != ([left], not_ready):
                await asyncio.sleep(0.05)

    task = asyncio.create_task(relay.run(role))
    await publish()
    await until(left=0, not_ready=None)
    with structlog.testing.capture_logs() as lines:
        await asyncio.to_thread(without, "complaints", "write", "tickets")
        await publish()
        await until(left=1, not_ready="kafka")
    await asyncio.to_thread(secured.grant_everything)
    await until(left=0, not_ready=None)

    role.stopping.set()
    await task
    told = [line for line in lines if line["event"] == "relay waits"]
    assert told[0]["error"] == "TopicAuthorizationFailedError"
    assert told[0]["mend"] == "run: frontdesk topics access --apply"


async def test_given_a_right_taken_from_a_running_consumer_then_it_ends_and_is_not_begun_again_before_it_is_given_back(
    secured: Secured, without: Callable[[str, str, str], None], database_of: Callable[[str], str]
) -> None:
    callbacks = service_of("callbacks", database_of("callbacks"), [Reaction(ComplaintProgressed, effect)])
    role = secured.context(callbacks, "consumer")
    task = asyncio.create_task(consumer.run(role))
    async with asyncio.timeout(60):
        while role.health.not_ready is not None:
            await asyncio.sleep(0.05)

    await asyncio.to_thread(without, "callbacks", "read", "tickets")
    async with asyncio.timeout(60):
        with pytest.raises(consumer.ConsumerFailed):
            await task
    done = await asyncio.to_thread(_begin, secured.settings(), callbacks.database_url())

    assert done.returncode == REFUSED
    assert (
        "Kafka does not let frontdesk-callbacks read topic tickets; run: frontdesk topics access --apply" in done.stdout
    )


@pytest.mark.parametrize(
    ("right", "sentence"),
    [
        (("write", "callbacks"), "Kafka does not let frontdesk-callbacks write topic callbacks"),
        (("read", "frontdesk-callbacks"), "Kafka does not let frontdesk-callbacks read group frontdesk-callbacks"),
    ],
)
def test_given_a_missing_right_when_a_role_begins_then_it_refuses_and_says_which(
    secured: Secured,
    without: Callable[[str, str, str], None],
    database_of: Callable[[str], str],
    right: tuple[str, str],
    sentence: str,
) -> None:
    without("callbacks", *right)

    done = _begin(secured.settings(), database_of("callbacks"))

    _assert_refused(done, f"{sentence}; run: frontdesk topics access --apply")


def test_given_a_wrong_password_when_a_role_begins_then_it_refuses_and_tells_nobody_the_password(
    secured: Secured, database_of: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "frontdesk-callbacks").write_text("not-the-password\n")
    folder = {"FRONTDESK_KAFKA_PASSWORD_FOLDER": str(tmp_path), "FRONTDESK_LOG_LEVEL": "DEBUG"}

    done = _begin(secured.settings() | folder, database_of("callbacks"))

    _assert_refused(done, "does not take the login frontdesk-callbacks; mend FRONTDESK_KAFKA_USERNAME or its password")
    assert "not-the-password" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"FRONTDESK_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}, "no Kafka broker answers at"),
        (
            {"FRONTDESK_KAFKA_PASSWORD_FOLDER": "/nowhere"},
            "the password of frontdesk-callbacks cannot be read from /nowhere",
        ),
        ({"FRONTDESK_KAFKA_PASSWORD_FOLDER": ""}, "asks for a login; set FRONTDESK_KAFKA_PASSWORD too"),
        ({"FRONTDESK_KAFKA_CA_FILE": "/nowhere.pem"}, "FRONTDESK_KAFKA_CA_FILE=/nowhere.pem holds no certificates"),
    ],
)
def test_given_settings_that_do_not_do_when_a_role_begins_then_it_refuses_and_says_which(
    secured: Secured, database_of: Callable[[str], str], settings: dict[str, str], sentence: str
) -> None:
    _assert_refused(_begin(secured.settings() | settings, database_of("callbacks")), sentence)


def _begin(settings: dict[str, str], database: str) -> subprocess.CompletedProcess[str]:
    """The role as an operator starts it; a role that works is ended after a minute."""
    url = {"FRONTDESK_CALLBACKS_DATABASE_URL": database, "FRONTDESK_LAPTOP": "true"}
    return subprocess.run(
        [sys.executable, "-m", "services.callbacks", "consumer", "relay"],
        env=environment({name: value for name, value in (settings | url).items() if value}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _assert_refused(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert done.returncode == REFUSED
    critical = [line for line in done.stdout.splitlines() if '"level":"critical"' in line]
    assert len(critical) == 1
    assert sentence in critical[0]
    assert "Traceback" not in done.stdout + done.stderr
