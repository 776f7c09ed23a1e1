"""What a short message carries: user data header, long-message part, text (3GPP TS 23.040 §9.2.3.24)."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.notify.providers import segments
from services.notify.providers.smpp import status, tlv
from services.notify.providers.smpp.errors import PduError
from services.notify.providers.smpp.pdu import ShortMessage

UDHI = 0x40
"""esm_class: the message begins with a user data header."""

GSM, ASCII, LATIN_1, UCS2 = 0x00, 0x01, 0x03, 0x08

_CONCATENATED_8 = 0x00
_CONCATENATED_16 = 0x08


@dataclass(frozen=True, slots=True)
class Part:
    """One message, or one piece of a long one. `number` counts from 1 to `total`."""

    octets: bytes = field(repr=False)
    data_coding: int
    reference: int = 0
    number: int = 1
    total: int = 1


def header(reference: int, number: int, total: int) -> bytes:
    """The 6 octets before each piece of a long message; the reference is taken modulo 256."""
    return bytes((5, _CONCATENATED_8, 3, reference & 0xFF, total, number))


def part_of(pdu: ShortMessage) -> Part:
    """Reads the piece from header, sar_* parameters or neither. Raises PduError where they contradict themselves."""
    octets = pdu.short_message or bytes(pdu.tlvs.get(tlv.MESSAGE_PAYLOAD, b""))
    place: tuple[int, int, int] | None = None
    if pdu.esm_class & UDHI:
        place, octets = _read_header(octets)
    if place is None:
        place = _sar(pdu)
    if place is None:
        return Part(octets, pdu.data_coding)
    reference, total, number = place
    if not 1 <= number <= total:
        raise PduError(status.RECEIVER_PERMANENT, sequence=pdu.sequence, command_id=pdu.COMMAND)
    return Part(octets, pdu.data_coding, reference, number, total)


def _read_header(octets: bytes) -> tuple[tuple[int, int, int] | None, bytes]:
    if not octets or len(octets) < octets[0] + 1:
        raise PduError(status.RECEIVER_PERMANENT)
    elements, rest = octets[1 : octets[0] + 1], octets[octets[0] + 1 :]
    position = 0
    while position + 2 <= len(elements):
        kind, length = elements[position], elements[position + 1]
        value = elements[position + 2 : position + 2 + length]
        if len(value) != length:
            raise PduError(status.RECEIVER_PERMANENT)
        if kind == _CONCATENATED_8 and length == 3:
            return (value[0], value[1], value[2]), rest
        if kind == _CONCATENATED_16 and length == 4:
            return (int.from_bytes(value[:2], "big"), value[2], value[3]), rest
        position += 2 + length
    return None, rest


def _sar(pdu: ShortMessage) -> tuple[int, int, int] | None:
    reference = tlv.number(pdu.tlvs, tlv.SAR_MSG_REF_NUM)
    total = tlv.number(pdu.tlvs, tlv.SAR_TOTAL_SEGMENTS)
    number = tlv.number(pdu.tlvs, tlv.SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or number is None:
        return None
    return reference, total, number


def text_of(octets: bytes, data_coding: int) -> str:
    """The words, by data coding scheme; unknown schemes read as Latin-1, unreadable octets as `\ufffd`."""
    if data_coding == UCS2 or data_coding & 0xCC == 0x08:
        return octets.decode("utf-16-be", "replace")
    if data_coding == GSM or data_coding & 0xF0 == 0xF0:
        return segments.decode_gsm(octets)
    return octets.decode("latin-1")
