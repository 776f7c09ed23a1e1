"""The sandbox over HTTP, on this machine only: what arrived, answer it, break something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from deploy.local.sandbox.faults import FaultOrder
from deploy.local.sandbox.inbox import Received
from deploy.local.sandbox.page import page_of

if TYPE_CHECKING:
    from deploy.local.sandbox.sandbox import Sandbox


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SmsReply(_Request):
    """A phone sends a text."""

    sender: str = Field(alias="from", description="the phone, E.164")
    recipient: str = Field(alias="to", description="one of our numbers, E.164")
    text: str = Field(min_length=1, max_length=5000)


class EmailReply(_Request):
    """A person answers a mail in the sandbox's mailbox, or writes out of the blue."""

    reference: str | None = Field(None, description="Message-ID of the mail that is answered")
    sender: str | None = Field(None, alias="from", description="without `reference`: who writes")
    recipient: str | None = Field(None, alias="to", description="without `reference`: to whom")
    subject: str = Field("", max_length=200)
    text: str = Field(min_length=1, max_length=50_000)
    auto: bool = Field(False, description="an out-of-office note")


class Taken(BaseModel):
    """Whether the other side stored it."""

    taken: bool


class SandboxHealth(BaseModel):
    """Ready once all three ports listen."""

    ready: bool
    smpp_binds: int
    numbers: list[str]


def create_api(sandbox: Sandbox) -> FastAPI:
    """The routes. No page needs anything from the network."""
    api = FastAPI(title="Frontdesk sandbox", docs_url=None, redoc_url=None)
    api.include_router(page_of(sandbox.inbox))

    @api.get("/health")
    async def health() -> SandboxHealth:
        return SandboxHealth(ready=True, smpp_binds=sandbox.smsc.bound, numbers=sorted(sandbox.settings.numbers))

    @api.get("/messages", response_model_by_alias=True)
    async def messages(
        after: int = Query(0, ge=0),
        channel: Literal["sms", "email"] | None = None,
        to: str | None = None,
        limit: int = Query(1000, ge=1, le=10_000),
    ) -> list[Received]:
        return sandbox.inbox.newest(after=after, channel=channel, recipient=to, limit=limit)

    @api.post("/reply/sms")
    async def reply_sms(body: SmsReply) -> Taken:
        if body.recipient not in sandbox.settings.numbers:
            raise HTTPException(422, "`to` has to be one of the sandbox's numbers")
        try:
            return Taken(taken=await sandbox.phone_sends(body.sender, body.recipient, body.text))
        except ValueError:
            raise HTTPException(422, "`from` has to be a phone number, E.164") from None

    @api.post("/reply/email")
    async def reply_email(body: EmailReply) -> Taken:
        if body.reference is not None:
            received = sandbox.inbox.by_reference(body.reference)
            if received is None:
                raise HTTPException(404, "no mail with this reference has arrived")
            return Taken(taken=await sandbox.person_answers(received, body.text, auto=body.auto))
        if body.sender is None or body.recipient is None:
            raise HTTPException(422, "give `reference`, or `from` and `to`")
        return Taken(taken=await sandbox.person_writes(body.sender, body.recipient, body.subject, body.text))

    @api.post("/faults", status_code=204)
    async def add_faults(body: FaultOrder) -> None:
        try:
            sandbox.faults.add(body)
        except ValueError as error:
            raise HTTPException(409, str(error)) from None

    @api.delete("/faults", status_code=204)
    async def clear_faults() -> None:
        sandbox.faults.clear()

    @api.post("/faults/drop-links", status_code=204)
    async def drop_links() -> None:
        sandbox.smsc.drop_links()

    return api
