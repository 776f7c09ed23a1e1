"""Processes killed with SIGKILL under load, most of them at the worst point of their work."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from shared.kernel import clock
from shared.store.cause import Cause
from tests.faults import tallying
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.run import Run
from tests.faults.scene import Scene

_RELAY_BATCH = 500
_CLOCK = ("callbacks", "clock", "")
_HANDLES = ("complaint", "enquiry", "visit")


async def _intake_api(scene: Scene, _number: int) -> Injection:
    began = await scene.kill("intake", "api")
    killed = scene.keeper.expected
    await scene.until("intake api started again", lambda: scene.house.role("intake", "api").pid not in killed)
    again = scene.house.role("intake", "api")
    await scene.until("intake api ready again", lambda: again.ready)
    return Injection(began, clock.now(), kills=1)


def _api_ready(run: Run) -> list[Measure]:
    """Until a caller got a good answer again."""
    longest = max((_first_good(run, injection.began) for injection in run.injections), default=None)
    return [Measure("a good answer again after (s)", longest, 3.0)]


def _first_good(run: Run, since: datetime) -> float:
    good = [
        each.at.timestamp() + each.seconds
        for entry in run.scene.ledger.of(*_HANDLES)
        for each in entry.tries
        if each.good and each.at >= since
    ]
    return round(min(good, default=float("inf")) - since.timestamp(), 2)


async def _relay(scene: Scene, number: int) -> Injection:
    service = ("intake", "complaints", "notify", "callbacks")[number % 4]
    began = await scene.kill_at(service, "relay", "relay.after_send")
    return Injection(began, began, kills=1)


def _resent(run: Run) -> list[Measure]:
    kills = sum(injection.kills for injection in run.injections)
    return [Measure("records sent again, a kill", round(run.sent_again / max(1, kills), 1), _RELAY_BATCH)]


def _consumer(service: str) -> Fault:
    async def inject(scene: Scene, number: int) -> Injection:
        if number % 2:
            began = await scene.kill_at(service, "consumer", "consumer.after_commit")
        else:
            began = await scene.kill(service, "consumer")
        return Injection(began, began, kills=1)

    return Fault(
        f"kill-consumer-{service}",
        f"SIGKILL the consumer of {service}",
        events=20_000,
        injections=20,
        inject=inject,
        recovered=10.0,
        readers=(service,),
        rate_after=0.95,
    )


async def _sender(scene: Scene, _number: int) -> Injection:
    began = await scene.kill_at("notify", "sender", "sender.after_call")
    return Injection(began, began, kills=1)


def _doubts(run: Run) -> list[Measure]:
    query = "SELECT count(*) AS times FROM message WHERE state = 'in_doubt'"
    (row,) = run.scene.stores.rows("notify", query)
    query = "SELECT count(*) AS times FROM attempt WHERE result = 'unknown' AND started_at > %(since)s"
    (doubts,) = run.scene.stores.rows("notify", query, since=run.began)
    return [
        Measure("sends in doubt that are not decided", row["times"], 0),
        Measure("sends that came into doubt", doubts["times"], 1, at_most=False),
    ]


async def _many_timers(scene: Scene) -> None:
    """Timers besides those of callbacks: one every few milliseconds, from now on."""
    await scene.deploy(_CLOCK, tallying.__name__, {})
    count, apart = scene.seconds(500, 5_000), timedelta(milliseconds=scene.seconds(40, 12))
    scene.notes["timers"] = subjects = [uuid4() for _ in range(int(count))]
    database = scene.house.database("callbacks")
    try:
        async with database.transaction(Cause.of_person()) as uow:
            for number, subject in enumerate(subjects):
                uow.schedule(tallying.KIND, subject, uow.now + number * apart)
    finally:
        await database.close()


async def _usual_clock(scene: Scene) -> None:
    await scene.deploy(_CLOCK, None, {})


async def _clock(scene: Scene, _number: int) -> Injection:
    began = await scene.kill_at("callbacks", "clock", "clock.firing")
    return Injection(began, began, kills=1)


def _timers(run: Run) -> list[Measure]:
    query = (
        "SELECT count(*) AS fired, coalesce(max(extract(epoch FROM fired_at - due)), 0)::float AS late FROM timer "
        "WHERE fired_at > %(since)s AND reason IS NULL"
    )
    (row,) = run.scene.stores.rows("callbacks", query, since=run.began)
    query = "SELECT subject_id, count(*) AS times FROM audit WHERE action = %(kind)s GROUP BY subject_id"
    times = {
        each["subject_id"]: each["times"] for each in run.scene.stores.rows("callbacks", query, kind=tallying.KIND)
    }
    subjects = run.scene.notes["timers"]
    return [
        Measure("timers fired", row["fired"], len(subjects), at_most=False),
        Measure("timers whose effect is not there once", sum(times.get(str(each)) != 1 for each in subjects), 0),
        Measure("latest timer (s)", round(row["late"], 2), 10.0, judged=False),
    ]


FAULTS = (
    Fault(
        "kill-intake-api",
        "SIGKILL the API of intake",
        events=20_000,
        injections=10,
        inject=_intake_api,
        measured=_api_ready,
    ),
    Fault(
        "kill-relay",
        "SIGKILL a relay between sending and marking",
        events=20_000,
        injections=20,
        inject=_relay,
        recovered=10.0,
        measured=_resent,
    ),
    *(_consumer(service) for service in ("intake", "complaints", "callbacks", "notify")),
    Fault(
        "kill-sender",
        "SIGKILL the sender between call and answer",
        events=5_000,
        injections=50,
        inject=_sender,
        measured=_doubts,
    ),
    Fault(
        "kill-clock",
        "SIGKILL the clock of callbacks while it fires",
        events=5_000,
        injections=20,
        inject=_clock,
        measured=_timers,
        prepare=_many_timers,
        repair=_usual_clock,
    ),
)
