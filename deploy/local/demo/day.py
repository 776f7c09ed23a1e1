"""One demo day from morning to evening: everybody at once, over the doors that everybody uses."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import TextIO

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local import credentials
from deploy.local.console import text
from deploy.local.demo import complaints, front_desk, letters, receptions, visits
from deploy.local.demo.cast import DEPARTMENTS, SHOP, STAFF_NAMES, WEB, Cast, Person, staff_csv, staff_email
from deploy.local.demo.counting import Stores, Told, count
from deploy.local.demo.desk import DemoFailed, Desk, until
from deploy.local.demo.furnishing import furnish
from deploy.local.demo.report import DemoReport
from deploy.local.environment import database_url, kafka_access, service_environment
from deploy.local.layout import SERVICES, Layout
from deploy.local.trouble import Trouble
from services.intake.channels.operator import channel_add
from services.intake.directory.operator import staff_import, token
from shared.contracts.access import CHANNELS
from shared.kernel import clock
from shared.kernel.ids import address_id
from shared.messaging.kafka_access import KafkaAccess
from shared.messaging.outside import send_structured
from shared.store.database import Database

_APART = 1.5
"""Seconds from one person's first step to the next's: a busy counter, not a stampede."""

_VISIT_IN, _LATER = timedelta(seconds=50), timedelta(days=9)
_SETTLE_SECONDS = 20.0

Course = Callable[[], Awaitable[object]]

_WEEK = (
    (receptions.run_approved, receptions.SALES),
    (receptions.run_approved, receptions.KEY_ACCOUNTS),
    (receptions.run_approved, receptions.WORKS),
    (receptions.run_returned_twice, receptions.SALES),
    (receptions.run_exempted, receptions.KEY_ACCOUNTS),
    (receptions.run_amended, receptions.WORKS),
    (receptions.run_amended, receptions.SALES),
)
"""Receptions of the week to come, one a day."""


def play(layout: Layout) -> DemoReport:
    """Plays one day on the running stack and counts what came of it. Raises Trouble(`demo-failed`).

    One day at a time: a second one waits for the first.
    """
    known = credentials.read(layout.credentials)
    os.environ.update(service_environment(layout, known))  # intake's operator functions read intake's settings
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text("playing-demo"))
        try:
            return asyncio.run(_day(layout, known, lambda done, of: bar.update(task, completed=done, total=of)))
        except DemoFailed as failed:
            raise Trouble("demo-failed", step=str(failed)) from failed


async def _day(layout: Layout, known: Mapping[str, str], told: Told) -> DemoReport:
    with await asyncio.to_thread(_alone, layout):  # closing it gives the lock back
        databases = {name: Database(database_url(layout, known, name), name, pool_size=2) for name in SERVICES}
        try:
            async with httpx.AsyncClient(timeout=15) as client:
                return await _play(layout, known, databases, client, told)
        finally:
            for database in databases.values():
                await database.close()


async def _play(
    layout: Layout, known: Mapping[str, str], databases: dict[str, Database], client: httpx.AsyncClient, told: Told
) -> DemoReport:
    cast = Cast(clock.now())
    desk = await _open(layout, databases["intake"], cast, client)
    people: list[Person] = []
    bearer = (await furnish(desk, cast.day_zone))["demo"]
    courses = list(_courses(desk, cast, people, kafka_access(layout, CHANNELS), bearer))
    done = 0
    told(0, len(courses))
    watching = asyncio.create_task(desk.watch_inbox())
    failures: list[Exception] = []
    try:
        async with asyncio.TaskGroup() as group:
            for position, course in enumerate(courses):

                async def run(course: Course = course, position: int = position) -> None:
                    nonlocal done
                    await asyncio.sleep(position * _APART)
                    await course()
                    done += 1
                    told(done, len(courses))

                group.create_task(run())
    except* DemoFailed as group_failed:
        failures += group_failed.exceptions  # raised after the block: `except*` would wrap it in a group again
    finally:
        watching.cancel()
    if failures:
        raise failures[0]
    secret = known["FRONTDESK_ADDRESS_SECRET"].encode()
    ids = {address_id(secret, "phone" if person.phone else "email", person.address) for person in people}
    return await _settled(Stores(databases), ids)


async def _open(layout: Layout, intake: Database, cast: Cast, client: httpx.AsyncClient) -> Desk:
    """The demo's staff, channels and tokens; waits until every service knows them."""
    await staff_import(intake, DEPARTMENTS, staff_csv(cast.day_zone))
    keys = {name: await channel_add(intake, name) for name in (WEB, SHOP)}
    tokens = {name: (await token(intake, staff_email(name))).token for name in STAFF_NAMES}
    desk = Desk(layout, keys, tokens, client)
    await desk.skip_old_mail()
    for service, path, who in (
        ("intake", "/visits", "host"),
        ("complaints", "/tickets", "supervisor"),
        ("callbacks", "/callbacks", "supervisor"),
    ):

        async def known(service: str = service, path: str = path, who: str = who) -> bool | None:
            return True if await desk.knows(who, service, path) else None

        await until(f"the demo's staff in {service}", known)
    return desk


def _courses(desk: Desk, cast: Cast, people: list[Person], broker: KafkaAccess, bearer: str) -> Iterator[Course]:
    satisfied, neutral, dissatisfied = complaints.SATISFIED, complaints.NEUTRAL, complaints.DISSATISFIED
    endings = (
        [satisfied],
        [neutral],
        [dissatisfied, satisfied],
        [satisfied],
        [dissatisfied, dissatisfied, satisfied],
        [satisfied],
    )

    def person(made: Person) -> Person:
        people.append(made)
        return made

    for number, answers in enumerate(endings * 2):
        who = person(cast.with_phone() if number % 3 else cast.with_email("en" if number % 2 else "zh-CN"))
        yield partial(_complaint, desk, who, number, answers, broker if number % 4 == 3 else None)
    yield partial(_invalid, desk, person(cast.with_phone("en")))
    yield partial(_sleeps, desk, person(cast.with_phone(at_night=True)))
    for number in range(4):
        guest = person(cast.with_email() if number % 2 else cast.with_phone())
        answer = dissatisfied if number == 3 else satisfied
        yield partial(visits.run_course, desk, guest, _VISIT_IN, answer, by_guest=number == 0)
    yield partial(visits.run_returned, desk, person(cast.with_phone()), _LATER)
    yield partial(visits.run_rejected, desk, person(cast.with_email()), _LATER)
    for day, (run, team) in enumerate(_WEEK, 1):
        guest = person(cast.with_email() if day % 2 else cast.with_phone())
        yield partial(run, desk, guest, team, bearer, timedelta(days=day))
    yield partial(front_desk.run_walk_in, desk, person(cast.with_phone()), satisfied)
    yield partial(front_desk.run_applicant, desk, person(cast.with_phone()))
    yield partial(front_desk.run_booked, desk, person(cast.with_phone()))
    yield partial(front_desk.run_booked, desk, person(cast.with_email()))
    yield partial(front_desk.run_cancelled, desk, person(cast.with_phone("en")))
    yield partial(letters.run_sms, desk, person(cast.with_phone()))
    yield partial(letters.run_mail, desk, person(cast.with_email("zh-CN")))
    yield partial(letters.run_out_of_office, desk, person(cast.with_email()))


async def _complaint(
    desk: Desk, who: Person, number: int, answers: list[dict[str, str]], broker: KafkaAccess | None
) -> None:
    """Over Kafka where `broker` is given, else over HTTP."""
    if broker is None:
        await complaints.run_course(desk, who, WEB, await complaints.complain(desk, who, number), answers)
        return
    event = complaints.outside_event(who, number)
    await asyncio.to_thread(send_structured, broker, "channel-messages", [event])
    await complaints.run_course(desk, who, SHOP, str(event["id"]), answers)


async def _invalid(desk: Desk, who: Person) -> None:
    await complaints.run_invalid(desk, who, await complaints.complain(desk, who, 0))


async def _sleeps(desk: Desk, who: Person) -> None:
    # The answer to the sleeper's own message comes at once; the question after the resolution waits for the morning.
    await complaints.run_until_resolved(desk, who, await complaints.complain(desk, who, 1))


async def _settled(stores: Stores, address_ids: set[str]) -> DemoReport:
    """Counts once receipts are in and nothing moves any more, or after a bounded while."""
    last = clock.monotonic() + _SETTLE_SECONDS
    before: DemoReport | None = None
    while True:
        report = await count(stores, address_ids)
        on_the_way = {"accepted", "sending", "submitted"}
        waiting = any(on_the_way & set(states) for states in report.messages.values())
        if (report == before and not waiting and not report.held) or clock.monotonic() > last:
            return report
        before = report
        await asyncio.sleep(1.0)


def _alone(layout: Layout) -> TextIO:
    """Waits for a day that is being played; the lock goes with the open file."""
    lock = (layout.data / "demo.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock
