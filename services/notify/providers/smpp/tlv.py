"""Optional parameters: tag, length, value (SMPP 3.4 §5.3)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from services.notify.providers.smpp import status
from services.notify.providers.smpp.errors import PduError

RECEIPTED_MESSAGE_ID = 0x001E
USER_MESSAGE_REFERENCE = 0x0204
SAR_MSG_REF_NUM = 0x020C
SAR_TOTAL_SEGMENTS = 0x020E
SAR_SEGMENT_SEQNUM = 0x020F
SC_INTERFACE_VERSION = 0x0210
NETWORK_ERROR_CODE = 0x0423
MESSAGE_PAYLOAD = 0x0424
MESSAGE_STATE = 0x0427

_HEAD = struct.Struct(">HH")


def encode(tlvs: Mapping[int, bytes]) -> bytes:
    """The parameters in the given order. Raises ValueError for a value over 65 535 octets."""
    parts: list[bytes] = []
    for tag, value in tlvs.items():
        if len(value) > 0xFFFF:
            raise ValueError(f"optional parameter 0x{tag:04x} is too long")
        parts.append(_HEAD.pack(tag, len(value)) + value)
    return b"".join(parts)


def decode(octets: bytes) -> dict[int, bytes]:
    """Parameters by tag, the first of a repeated tag. Raises PduError where they do not end where the PDU ends."""
    found: dict[int, bytes] = {}
    position = 0
    while position < len(octets):
        if position + _HEAD.size > len(octets):
            raise PduError(status.INVALID_OPTIONAL)
        tag, length = _HEAD.unpack_from(octets, position)
        position += _HEAD.size
        if position + length > len(octets):
            raise PduError(status.INVALID_OPTIONAL)
        found.setdefault(tag, octets[position : position + length])
        position += length
    return found


def number(tlvs: Mapping[int, bytes], tag: int) -> int | None:
    """An integer parameter of 1 to 4 octets, or None where it is missing or has another size."""
    value = tlvs.get(tag)
    return int.from_bytes(value, "big") if value is not None and 1 <= len(value) <= 4 else None


def text(tlvs: Mapping[int, bytes], tag: int) -> str | None:
    """A C-octet-string parameter without its NUL, or None where it is missing or empty."""
    value = tlvs.get(tag, b"").split(b"\0", 1)[0].decode("latin-1")
    return value or None
