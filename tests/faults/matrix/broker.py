"""The broker stopped, killed, and behind a line that is cut, lossy one way, slow, or reset all the time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.kernel import clock
from tests.faults.fault import Fault, Injection, Measure
from tests.faults.memory import memory_of
from tests.faults.proxy import Line, Proxy
from tests.faults.run import AROUND, Run
from tests.faults.scene import Scene

_KAFKA_ROLES = tuple(
    (service, role) for service in ("intake", "complaints", "callbacks", "notify") for role in ("relay", "consumer")
)
_HANDLES = ("complaint", "enquiry", "visit")


async def _restart(scene: Scene, end: Callable[[], None]) -> Injection:
    """The node gone for some seconds; over once it answers again."""
    kafka = scene.stage.kafka
    began = clock.now()
    await asyncio.to_thread(end)
    await asyncio.sleep(scene.seconds(4.0, 20.0))
    await asyncio.to_thread(kafka.prepare)
    kafka.launch()  # by the main thread: a server ends with the thread that started it
    await asyncio.to_thread(kafka.wait_ready)
    return Injection(began, clock.now())


async def _stopped(scene: Scene, _number: int) -> Injection:
    return await _restart(scene, scene.stage.kafka.stop)


async def _killed(scene: Scene, _number: int) -> Injection:
    def end() -> None:
        scene.stage.kafka.kill()
        scene.stage.kafka.stop()

    return await _restart(scene, end)


def doors_stayed_open(run: Run) -> list[Measure]:
    """Intake answers 2xx throughout, since it needs no broker; and all catches up within 1.5 × the outage."""
    longest = max((_length(injection) for injection in run.injections), default=0.0)
    return [
        *requests_refused(run),
        Measure("caught up after (s), 1.5 × the outage", run.recovery_seconds, round(1.5 * longest, 1)),
    ]


def requests_refused(run: Run) -> list[Measure]:
    """Requests at intake's door while the broker was away, and shortly after."""
    refused = sum(
        len(run.scene.ledger.outages(kind, injection.began, injection.over + AROUND))
        for injection in run.injections
        for kind in _HANDLES
    )
    return [Measure("requests not answered 2xx meanwhile", refused, 0)]


def _length(injection: Injection) -> float:
    return (injection.over - injection.began).total_seconds()


async def _behind_proxy(scene: Scene) -> None:
    kafka, keeper = scene.stage.kafka, scene.keeper
    made = Proxy(kafka.proxied, kafka.behind)
    await made.start()
    scene.notes["proxy"] = made
    moved = {"FRONTDESK_KAFKA_BOOTSTRAP": f"127.0.0.1:{kafka.proxied}"}
    for service, role in _KAFKA_ROLES:
        keeper.settings[service, role, ""] = moved
        await asyncio.to_thread(scene.house.role(service, role).stop)
        keeper.start((service, role, ""))
    await asyncio.to_thread(scene.house.wait_ready)
    scene.notes["memory"] = []


async def _without_proxy(scene: Scene) -> None:
    scene.keeper.settings.clear()
    await asyncio.to_thread(scene.house.mend)
    if "proxy" in scene.notes:
        await scene.notes["proxy"].stop()


def _through(disturb: Callable[[Scene, Proxy], Awaitable[None]]) -> Callable[[Scene, int], Awaitable[Injection]]:
    async def inject(scene: Scene, _number: int) -> Injection:
        made: Proxy = scene.notes["proxy"]
        before = await asyncio.to_thread(_memory, scene)
        began = clock.now()
        await disturb(scene, made)
        made.set(Line())
        over = clock.now()
        scene.notes["memory"].append(await asyncio.to_thread(_memory, scene) / before)
        return Injection(began, over)

    return inject


def _memory(scene: Scene) -> int:
    return sum(memory_of(scene.house.role(service, role).pid) for service, role in _KAFKA_ROLES)


async def _cut(scene: Scene, made: Proxy) -> None:
    made.set(Line(up=False, down=False))
    await asyncio.sleep(scene.seconds(8.0, 60.0))


async def _one_way(scene: Scene, made: Proxy) -> None:
    made.set(Line(down=False))
    await asyncio.sleep(scene.seconds(8.0, 60.0))


async def _slow(scene: Scene, made: Proxy) -> None:
    made.set(Line(delay=0.5))
    await asyncio.sleep(scene.seconds(8.0, 60.0))


async def _resets(scene: Scene, made: Proxy) -> None:
    until = clock.monotonic() + scene.seconds(8.0, 60.0)
    while clock.monotonic() < until:
        made.reset()
        await asyncio.sleep(scene.random.uniform(0.3, 2.0))


def _line_measures(run: Run) -> list[Measure]:
    grown = max(run.scene.notes.get("memory", []), default=None)
    return [*doors_stayed_open(run), Measure("memory against before", grown and round(grown, 2), 1.3)]


def _line(name: str, does: str, disturb: Callable[[Scene, Proxy], Awaitable[None]]) -> Fault:
    return Fault(
        name,
        does,
        events=20_000,
        injections=1,
        inject=_through(disturb),
        recovered=90.0,
        prepare=_behind_proxy,
        repair=_without_proxy,
        measured=_line_measures,
    )


FAULTS = (
    Fault(
        "broker-stopped",
        "the broker stopped in order, and started again",
        events=20_000,
        injections=3,
        inject=_stopped,
        recovered=30.0,
        measured=doors_stayed_open,
    ),
    Fault(
        "broker-killed",
        "SIGKILL the broker, and start it again",
        events=20_000,
        injections=2,
        inject=_killed,
        recovered=30.0,
        measured=doors_stayed_open,
    ),
    _line("broker-cut-off", "the line to the broker is dead", _cut),
    _line("broker-one-way", "what the broker sends does not arrive", _one_way),
    _line("broker-slow", "every piece takes 500 ms each way", _slow),
    _line("broker-resets", "every connection is reset again and again", _resets),
)
