"""Routes of the directory: sign-in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from services.intake.directory.schemas import TokenAnswer, TokenRequest
from services.intake.directory.sign_in import sign_in
from services.intake.settings import settings
from shared.kernel import clock
from shared.store.cause import Cause
from shared.web.edge import database_of
from shared.web.problems import correlation_id

router = APIRouter(tags=["sign-in"])


@router.post("/token")
async def token(request: HTTPRequest, response: Response, body: TokenRequest) -> TokenAnswer:
    """A staff token for e-mail address and password; valid for ten minutes, in all four services."""
    signed = await sign_in(
        database_of(request),
        settings(),
        email=body.email,
        password=body.password,
        client=request.client.host if request.client else "",
        cause=Cause(correlation_id(request)),
    )
    response.headers["Cache-Control"] = "no-store"
    seconds = (signed.expires_at - clock.now()).total_seconds()
    return TokenAnswer(access_token=signed.token, expires_in=max(int(seconds), 0))
