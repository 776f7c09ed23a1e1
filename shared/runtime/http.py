"""HTTP of a process: the api role, and a health port for processes without it. uvicorn, under our own signals."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from shared.runtime.health import Health
from shared.runtime.roles import DRAIN_SECONDS
from shared.runtime.service import RoleContext
from shared.telemetry.instrumenting import instrument_app
from shared.telemetry.logs import logger
from shared.web.app import create_app
from shared.web.health import install_health

log = logger(__name__)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: when a process stops is decided for all its roles at once."""

    def __init__(self, config: uvicorn.Config, health: Health) -> None:
        super().__init__(config)
        self._health = health

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._health.ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_api(context: RoleContext, healths: Sequence[Health], *, traced: bool) -> None:
    """The role that answers HTTP; /livez and /readyz tell of all roles of the process (`healths`)."""
    app = create_app(context.service, context.database)
    app.state.healths = healths
    if traced:
        instrument_app(app)
    await _serve(app, context.settings.api_host, context.settings.api_port, context.stopping, context.health)


async def serve_health(host: str, port: int, healths: Sequence[Health], stopping: asyncio.Event) -> None:
    """/livez and /readyz alone, until `stopping` is set."""
    app = FastAPI(openapi_url=None)
    app.state.healths = healths
    install_health(app)
    await _serve(app, host, port, stopping, Health("health"))


async def _serve(app: FastAPI, host: str, port: int, stopping: asyncio.Event, health: Health) -> None:
    """Answers until `stopping` is set, then finishes what is in flight. Raises OSError where the port is taken."""
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            # Less than the process has, so that the answer still goes out before the database closes.
            timeout_graceful_shutdown=DRAIN_SECONDS - 2,
        ),
        health,
    )
    # Bound here: uvicorn would end the process by itself where the port is taken.
    listening = listen(host, port)
    serving = asyncio.create_task(server.serve([listening]))
    stopped = asyncio.create_task(stopping.wait())
    try:
        log.info("listening", host=host, port=listening.getsockname()[1])
        await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopped.cancel()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket whose answers leave at once. Raises OSError where the port is taken."""
    listening = socket.create_server((host, port), family=_family(host), backlog=2048)
    # Accepted sockets inherit it. asyncio sets it only on sockets that name their protocol, and those of
    # `socket.create_server` do not: the body of an answer then waits until the caller has acknowledged its head, 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
