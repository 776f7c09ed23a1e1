"""/livez and /readyz: what the roles of this process say of themselves."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.requests import Request as HTTPRequest
from starlette.responses import JSONResponse

from shared.runtime.health import Health


def install_health(app: FastAPI) -> None:
    """Adds both routes, without signing in; `app.state.healths` is filled by whoever runs the roles."""

    @app.get("/livez", include_in_schema=False)
    async def livez(request: HTTPRequest) -> JSONResponse:
        stuck = sorted(health.role for health in _healths(request) if not health.alive)
        return JSONResponse({"alive": not stuck, "stuck": stuck}, 503 if stuck else 200)

    @app.get("/readyz", include_in_schema=False)
    async def readyz(request: HTTPRequest) -> JSONResponse:
        waiting = {health.role: health.not_ready for health in _healths(request) if health.not_ready is not None}
        return JSONResponse({"ready": not waiting, "waiting": waiting}, 503 if waiting else 200)


def _healths(request: HTTPRequest) -> Sequence[Health]:
    healths: Sequence[Health] = request.app.state.healths
    return healths
