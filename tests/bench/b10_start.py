"""B10: how long `frontdesk up` takes until every role is ready, and how much memory our processes hold at rest.

The peer is what a laptop would do without a supervisor that forks: a plain process per service and role.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import perf_counter

from deploy.local import running
from deploy.local.layout import SERVICES, Layout
from deploy.local.ports import Ports, claim_ports
from shared.runtime.supervisor import Supervisor
from tests.bench.environment import Environment
from tests.bench.pairing import Outcome, Sides
from tests.bench.processes import Program, pss_mb
from tests.bench.scale import Scale

_PLAIN = tuple((service, roles) for service in SERVICES for roles in (("api",), ("consumer", "relay", "clock")))
"""Eight; notify's sender and receiver are two more."""
_SETTLE_SECONDS = 3.0
_PATIENCE = 180.0


@asynccontextmanager
async def contest(environment: Environment, scale: Scale) -> AsyncIterator[Sides]:
    """A copy of the stack with data and ports of its own; each round begins with no data at all."""
    claimed = claim_ports()
    try:
        yield Sides(partial(_ours, environment, claimed.ports), partial(_plain, environment))
    finally:
        claimed.release()


async def _ours(environment: Environment, ports: Ports) -> Outcome:
    data = environment.file("stack")
    cold, _ = await _up(environment, data, ports)
    warm, megabytes = await _up(environment, data, ports)
    return Outcome({"cold": cold, "warm": warm, "idle_mb": megabytes})


async def _up(environment: Environment, data: Path, ports: Ports) -> tuple[float, float]:
    """Seconds until ready, and MB of our processes some seconds later; stopped again afterwards."""
    layout = Layout(data, ports)
    # CI: nothing is prepared for later starts, which would cost CPU while memory is measured.
    settings = {"FRONTDESK_DATA_DIR": str(data), "FRONTDESK_PORT_BASE": str(ports.base), "CI": "true"}
    left_out = {"FRONTDESK_KAFKA_BOOTSTRAP": "", "FRONTDESK_RUN_DIR": str(layout.run)}
    began = perf_counter()
    program = environment.program("deploy.local", "up", "--no-demo", **settings, **left_out)
    program.wait("ready", lambda: bool((running.read(layout) or {}).get("ready")), _PATIENCE)
    seconds = perf_counter() - began
    await asyncio.sleep(_SETTLE_SECONDS)
    status = Supervisor(layout.run).status()
    program.stop()
    return seconds, 0.0 if status is None else status.pss_bytes / 1e6


async def _plain(environment: Environment) -> Outcome:
    """Ten processes started one by one on servers that run already, until the last is ready."""
    settings = {f"FRONTDESK_{service.upper()}_DATABASE_URL": environment.database(service) for service in SERVICES} | {
        "FRONTDESK_NOTIFY_RECEIVER_PORT": str(environment.port())
    }
    wanted = [*_PLAIN, ("notify", ("sender",)), ("notify", ("receiver",))]
    sandbox = environment.program(
        "deploy.local.sandbox",
        FRONTDESK_PORT_BASE=str(environment.claimed.ports.base),
        FRONTDESK_NOTIFY_RECEIVER_PORT=settings["FRONTDESK_NOTIFY_RECEIVER_PORT"],
    )
    settings["FRONTDESK_NOTIFY_SMPP_PORT"] = str(environment.claimed.ports.of("sandbox-smsc"))
    began = perf_counter()
    programs: list[tuple[Program, Path]] = []
    for service, roles in wanted:
        name = f"plain-{service}-{'-'.join(roles)}-{environment.file('x').name}"
        program = environment.program(
            f"services.{service}",
            *roles,
            FRONTDESK_PROCESS_NAME=name,
            FRONTDESK_API_PORT=str(environment.port()),
            **settings,
        )
        programs.append((program, environment.run / f"{name}.json"))
    for program, state in programs:
        program.wait_ready(state)
    seconds = perf_counter() - began
    await asyncio.sleep(_SETTLE_SECONDS)
    megabytes = pss_mb(program.pid for program, _ in programs)
    for program, _ in programs:
        program.stop()
    sandbox.stop()
    return Outcome({"cold": seconds, "warm": seconds, "idle_mb": megabytes})
