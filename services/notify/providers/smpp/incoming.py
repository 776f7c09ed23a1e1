"""What a message centre asks of us: take this receipt, take this message, goodbye."""

from __future__ import annotations

import re
from functools import partial

import structlog

from services.notify.providers.result import InboundSms, OnInbound, OnReceipt
from services.notify.providers.smpp import status, tlv
from services.notify.providers.smpp.addresses import readable
from services.notify.providers.smpp.assembly import Assembly
from services.notify.providers.smpp.errors import PduError
from services.notify.providers.smpp.pdu import DeliverSm, DeliverSmResp, GenericNack, Pdu, Unbind, UnbindResp
from services.notify.providers.smpp.receipts import is_receipt, parse_receipt
from services.notify.providers.smpp.userdata import part_of
from shared.kernel import clock

log = structlog.get_logger(__name__)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Incoming:
    """Answers requests of the centre; nothing is acknowledged before its callback has stored it."""

    def __init__(self, on_receipt: OnReceipt, on_inbound: OnInbound, assembly: Assembly) -> None:
        self._on_receipt = on_receipt
        self._on_inbound = on_inbound
        self._assembly = assembly

    async def answer(self, request: Pdu) -> Pdu:
        """The answer to one request; raises what a callback raises, which the link turns into "bring it again"."""
        if isinstance(request, DeliverSm):
            return DeliverSmResp(status=await self._deliver(request))
        if isinstance(request, Unbind):
            return UnbindResp()
        return GenericNack(status=status.INVALID_COMMAND_ID)

    async def _deliver(self, pdu: DeliverSm) -> int:
        if is_receipt(pdu):
            receipt = parse_receipt(pdu, clock.now())
            if receipt is not None:
                await self._on_receipt(receipt)
            return status.OK
        try:
            part = part_of(pdu)
        except PduError as error:
            log.warning("smpp.unreadable_message", status=status.code(error.status))
            return error.status
        sender = _clean(readable(pdu.source, pdu.source_ton))
        recipient = _clean(readable(pdu.destination, pdu.destination_ton))
        provider_id = tlv.text(pdu.tlvs, tlv.RECEIPTED_MESSAGE_ID)
        stored = await self._assembly.add(
            sender, recipient, part, partial(self._store, sender, recipient, provider_id and _clean(provider_id))
        )
        return status.OK if stored else status.RECEIVER_TEMPORARY

    async def _store(self, sender: str, recipient: str, provider_id: str | None, text: str) -> None:
        await self._on_inbound(InboundSms(sender, recipient, _clean(text), provider_id, clock.now()))


def _clean(text: str) -> str:
    """Without control characters, which no phone shows and no database column takes."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
