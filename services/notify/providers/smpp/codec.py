"""PDU ⇄ octets, strict about every length, and the reader of PDUs from a stream (SMPP 3.4 §3.2)."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

from services.notify.providers.smpp import status, tlv
from services.notify.providers.smpp.errors import PduError
from services.notify.providers.smpp.pdu import PDUS, RESPONSE, Pdu

HEADER = struct.Struct(">IIII")
MAX_PDU = 70_000
"""Octets. The longest sensible PDU is a deliver_sm with a full message_payload; nobody makes us hold more."""


def encode(pdu: Pdu) -> bytes:
    """Octets of a PDU. Raises ValueError, naming the field only, where a value does not fit."""
    parts: list[bytes] = []
    for name, kind, size in pdu.LAYOUT:
        value = getattr(pdu, name)
        if kind == "text":
            parts.append(_encode_text(name, value, size))
        elif kind == "octet":
            if not 0 <= value <= 0xFF:
                raise ValueError(f"{name} is out of range")
            parts.append(bytes((value,)))
        else:
            if len(value) > size:
                raise ValueError(f"{name} is too long")
            parts.append(bytes((len(value),)) + value)
    body = b"".join(parts) + tlv.encode(pdu.tlvs)
    return HEADER.pack(HEADER.size + len(body), pdu.COMMAND, pdu.status, pdu.sequence) + body


def _encode_text(name: str, value: str, size: int) -> bytes:
    if len(value) >= size:
        raise ValueError(f"{name} is too long")
    if not value.isascii() or "\0" in value:
        raise ValueError(f"{name} is not plain ASCII")
    return value.encode("ascii") + b"\0"


def decode(octets: bytes) -> Pdu:
    """The PDU of exactly these octets. Raises PduError for everything else; nothing else is ever raised."""
    if len(octets) < HEADER.size:
        raise PduError(status.INVALID_COMMAND_LENGTH, fatal=True)
    length, command_id, command_status, sequence = HEADER.unpack_from(octets)
    if length != len(octets):
        raise PduError(status.INVALID_COMMAND_LENGTH, sequence=sequence, command_id=command_id, fatal=True)
    pdu = PDUS.get(command_id)
    if pdu is None:
        raise PduError(status.INVALID_COMMAND_ID, sequence=sequence, command_id=command_id)
    body = octets[HEADER.size :]
    try:
        if not body and command_id & RESPONSE:
            # An error answer may come without its body (§4.1.2, §4.4.2), and some centres leave it out of good ones.
            return pdu(sequence=sequence, status=command_status)
        values, position = _decode_fields(pdu, body)
        values["tlvs"] = tlv.decode(body[position:])
    except PduError as error:
        raise PduError(error.status, sequence=sequence, command_id=command_id) from None
    return pdu(sequence=sequence, status=command_status, **values)


def _decode_fields(pdu: type[Pdu], body: bytes) -> tuple[dict[str, Any], int]:
    values: dict[str, Any] = {}
    position = 0
    for name, kind, size in pdu.LAYOUT:
        if kind == "text":
            end = body.find(b"\0", position, position + size)
            if end < 0:
                raise PduError(status.INVALID_PARAMETER_LENGTH)
            values[name] = body[position:end].decode("latin-1")
            position = end + 1
            continue
        if position >= len(body):
            raise PduError(status.INVALID_COMMAND_LENGTH)
        number = body[position]
        position += 1
        if kind == "octet":
            values[name] = number
            continue
        if number > size or position + number > len(body):
            raise PduError(status.INVALID_MESSAGE_LENGTH)
        values[name] = body[position : position + number]
        position += number
    return values, position


async def read(stream: asyncio.StreamReader) -> Pdu:
    """The next PDU of a stream. Raises PduError, or EOFError and OSError where the link ended."""
    head = await stream.readexactly(HEADER.size)
    length, command_id, _, sequence = HEADER.unpack(head)
    if not HEADER.size <= length <= MAX_PDU:
        raise PduError(status.INVALID_COMMAND_LENGTH, sequence=sequence, command_id=command_id, fatal=True)
    return decode(head + await stream.readexactly(length - HEADER.size))
