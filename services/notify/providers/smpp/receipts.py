"""Delivery receipts: read from TLVs first, else from the usual text (SMPP 3.4 §5.3.2.35 and appendix B)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from services.notify.providers.result import Receipt, ReceiptState
from services.notify.providers.smpp import tlv
from services.notify.providers.smpp.addresses import readable
from services.notify.providers.smpp.pdu import DeliverSm

_TYPE_BITS = 0x3C
_RECEIPT_TYPES = frozenset({0x04, 0x20})
"""Delivery receipt, and intermediate notification."""

STATES: Mapping[int, ReceiptState | None] = {
    0: None,
    1: None,
    2: "delivered",
    3: "expired",
    4: "failed",
    5: "failed",
    6: None,
    7: "unknown",
    8: "failed",
    9: "failed",
}
"""message_state (§5.2.28) → ours; None: still on its way, nothing to tell."""

WORDS: Mapping[str, int] = {
    "SCHEDUL": 0,
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
    "SKIPPED": 9,
    "DELIVER": 2,
    "ACCEPTE": 6,
    "REJECTE": 8,
}
"""First seven letters of `stat`, with those of centres that write the words out."""

_FIELDS = re.compile(rb"\b(id|stat|err):\s*([!-~]{1,65})", re.IGNORECASE)


def is_receipt(pdu: DeliverSm) -> bool:
    """Whether a deliver_sm tells of a message of ours instead of carrying one from a phone."""
    return pdu.esm_class & _TYPE_BITS in _RECEIPT_TYPES


def parse_receipt(pdu: DeliverSm, received_at: datetime) -> Receipt | None:
    """The receipt in a deliver_sm; None where it names no message or no final state."""
    # The "text:" field ends the receipt with words of the message itself, which may look like fields.
    head = re.split(rb"\btext:", pdu.short_message, maxsplit=1, flags=re.IGNORECASE)[0]
    fields = {match[1].lower(): match[2].decode("latin-1") for match in reversed(list(_FIELDS.finditer(head)))}
    provider_id = tlv.text(pdu.tlvs, tlv.RECEIPTED_MESSAGE_ID) or fields.get(b"id")
    number = tlv.number(pdu.tlvs, tlv.MESSAGE_STATE)
    if number is None:
        number = WORDS.get(fields.get(b"stat", "").upper()[:7])
    state = STATES.get(number, "unknown") if number is not None else "unknown"
    if not provider_id or not provider_id.isascii() or not provider_id.isprintable() or state is None:
        return None
    return Receipt(
        provider_id=provider_id,
        state=state,
        code=_code(pdu, fields.get(b"err", "")),
        at=received_at,
        recipient=readable(pdu.source, pdu.source_ton),
    )


def _code(pdu: DeliverSm, error: str) -> str:
    """`err` of the text, else network and number of network_error_code; only characters fit for a log."""
    network = pdu.tlvs.get(tlv.NETWORK_ERROR_CODE, b"")
    if len(network) == 3:
        return f"{network[0]}-{int.from_bytes(network[1:], 'big')}"
    plain = re.sub(r"[^0-9A-Za-z-]", "", error)[:16]
    return "" if set(plain) <= {"0"} else plain
