"""One client's link to the message centre: bind first, with the right account, then everything else."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from services.notify.providers.smpp import status, tlv
from services.notify.providers.smpp.link import Link, LinkSettings
from services.notify.providers.smpp.pdu import (
    PDUS,
    RESPONSE,
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)

Mode = Literal["transceiver", "transmitter", "receiver"]

_MODES: Mapping[type[Pdu], Mode] = {
    BindTransceiver: "transceiver",
    BindTransmitter: "transmitter",
    BindReceiver: "receiver",
}

_SESSION_INIT = 5.0
"""Seconds that a client has to bind (session_init_timer)."""

_SYSTEM_ID = "frontdesk-smsc"


class SmscSession:
    """State of one link. `mode` is None until the client is bound."""

    def __init__(
        self,
        stream: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        account: tuple[str, str],
        submitted: Callable[[SmscSession, SubmitSm], Awaitable[SubmitSmResp | None]],
        settings: LinkSettings,
    ) -> None:
        self.link = Link(stream, writer, self._answer, settings)
        self.mode: Mode | None = None
        self._account = account
        self._submitted = submitted

    async def run(self) -> None:
        """Serves until the link ends; a client that does not bind in time is cut off."""
        init = asyncio.get_running_loop().call_later(_SESSION_INIT, self._expect_bound)
        try:
            await self.link.run()
        finally:
            init.cancel()

    def _expect_bound(self) -> None:
        if self.mode is None:
            self.link.close()

    async def _answer(self, request: Pdu) -> Pdu | None:
        if isinstance(request, Bind):
            return self._bind(request)
        if isinstance(request, Unbind):
            return UnbindResp()
        if isinstance(request, SubmitSm):
            if self.mode not in ("transceiver", "transmitter"):
                return SubmitSmResp(status=status.INCORRECT_BIND_STATUS)
            return await self._submitted(self, request)
        return GenericNack(status=status.INVALID_COMMAND_ID)

    def _bind(self, request: Bind) -> Pdu:
        answer = PDUS[request.COMMAND | RESPONSE]
        if self.mode is not None:
            return answer(status=status.ALREADY_BOUND)
        system_id, password = self._account
        if request.system_id != system_id:
            return answer(status=status.INVALID_SYSTEM_ID)
        if not hmac.compare_digest(request.password.encode(), password.encode()):
            return answer(status=status.INVALID_PASSWORD)
        self.mode = _MODES[type(request)]
        return answer(system_id=_SYSTEM_ID, tlvs={tlv.SC_INTERFACE_VERSION: b"\x34"})  # type: ignore[call-arg]
