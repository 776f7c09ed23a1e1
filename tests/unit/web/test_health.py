"""/livez and /readyz tell what the roles say."""

from __future__ import annotations

from fastapi import APIRouter

from shared.runtime.health import Health
from tests.support.web import app_of, client_of


async def test_given_a_role_that_is_not_ready_then_readyz_is_503_and_says_why() -> None:
    app = app_of(APIRouter())
    consumer = Health("consumer")
    app.state.healths = [Health("api"), consumer]
    app.state.healths[0].ready()
    async with client_of(app) as client:
        waiting = await client.get("/readyz")
        consumer.ready()
        ready = await client.get("/readyz")
    assert (waiting.status_code, waiting.json()) == (503, {"ready": False, "waiting": {"consumer": "starting"}})
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "waiting": {}})


async def test_given_a_role_stuck_in_its_work_then_livez_is_503() -> None:
    app = app_of(APIRouter())
    stuck = Health("relay", stuck_after=0)
    app.state.healths = [stuck]
    async with client_of(app) as client:
        alive = await client.get("/livez")
        stuck.busy()
        dead = await client.get("/livez")
    assert alive.status_code == 200
    assert (dead.status_code, dead.json()) == (503, {"alive": False, "stuck": ["relay"]})
