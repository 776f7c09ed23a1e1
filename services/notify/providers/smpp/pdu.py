"""The PDUs as values, and the table of their mandatory fields (SMPP 3.4 §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

RESPONSE = 0x80000000

FieldKind = Literal["text", "octet", "message"]
Layout = tuple[tuple[str, FieldKind, int], ...]
"""Name, kind and size of each mandatory field in order. `text` ends with NUL, which its size includes; `octet` is an
unsigned integer; `message` is `sm_length` and as many octets."""

_MESSAGE: Layout = (
    ("service_type", "text", 6),
    ("source_ton", "octet", 1),
    ("source_npi", "octet", 1),
    ("source", "text", 21),
    ("destination_ton", "octet", 1),
    ("destination_npi", "octet", 1),
    ("destination", "text", 21),
    ("esm_class", "octet", 1),
    ("protocol_id", "octet", 1),
    ("priority", "octet", 1),
    ("schedule", "text", 17),
    ("validity", "text", 17),
    ("registered_delivery", "octet", 1),
    ("replace_if_present", "octet", 1),
    ("data_coding", "octet", 1),
    ("default_message_id", "octet", 1),
    ("short_message", "message", 254),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """What every PDU has. `sequence` 0 is filled in by the link that sends it."""

    COMMAND: ClassVar[int]
    LAYOUT: ClassVar[Layout] = ()
    sequence: int = 0
    status: int = 0
    tlvs: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericNack(Pdu):
    """Something was no valid PDU; `status` says what."""

    COMMAND: ClassVar[int] = RESPONSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind(Pdu):
    """The common body of the three binds."""

    LAYOUT: ClassVar[Layout] = (
        ("system_id", "text", 16),
        ("password", "text", 9),
        ("system_type", "text", 13),
        ("interface_version", "octet", 1),
        ("address_ton", "octet", 1),
        ("address_npi", "octet", 1),
        ("address_range", "text", 41),
    )
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    interface_version: int = 0x34
    address_ton: int = 0
    address_npi: int = 0
    address_range: str = ""


class BindReceiver(Bind):
    """A client that only takes."""

    __slots__ = ()
    COMMAND = 0x00000001


class BindTransmitter(Bind):
    """A client that only submits."""

    __slots__ = ()
    COMMAND = 0x00000002


class BindTransceiver(Bind):
    """A client that does both."""

    __slots__ = ()
    COMMAND = 0x00000009


@dataclass(frozen=True, slots=True, kw_only=True)
class BindResp(Pdu):
    """The common body of the three answers to a bind."""

    LAYOUT: ClassVar[Layout] = (("system_id", "text", 16),)
    system_id: str = ""


class BindReceiverResp(BindResp):
    """Answer to `BindReceiver`."""

    __slots__ = ()
    COMMAND = RESPONSE | BindReceiver.COMMAND


class BindTransmitterResp(BindResp):
    """Answer to `BindTransmitter`."""

    __slots__ = ()
    COMMAND = RESPONSE | BindTransmitter.COMMAND


class BindTransceiverResp(BindResp):
    """Answer to `BindTransceiver`."""

    __slots__ = ()
    COMMAND = RESPONSE | BindTransceiver.COMMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMessage(Pdu):
    """The common body of submit_sm and deliver_sm. Addresses and text are kept out of `repr`."""

    LAYOUT: ClassVar[Layout] = _MESSAGE
    service_type: str = ""
    source_ton: int = 0
    source_npi: int = 0
    source: str = field(default="", repr=False)
    destination_ton: int = 0
    destination_npi: int = 0
    destination: str = field(default="", repr=False)
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    registered_delivery: int = 0
    replace_if_present: int = 0
    data_coding: int = 0
    default_message_id: int = 0
    short_message: bytes = field(default=b"", repr=False)
    tlvs: Mapping[int, bytes] = field(default_factory=dict, repr=False)


class SubmitSm(ShortMessage):
    """Client to message centre: send this."""

    __slots__ = ()
    COMMAND = 0x00000004


class DeliverSm(ShortMessage):
    """Message centre to client: a receipt, or a message from a phone."""

    __slots__ = ()
    COMMAND = 0x00000005


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageResp(Pdu):
    """The common body of the answers to submit_sm and deliver_sm."""

    LAYOUT: ClassVar[Layout] = (("message_id", "text", 65),)
    message_id: str = ""


class SubmitSmResp(MessageResp):
    """Answer to `SubmitSm`, with the centre's id for the message."""

    __slots__ = ()
    COMMAND = RESPONSE | SubmitSm.COMMAND


class DeliverSmResp(MessageResp):
    """Answer to `DeliverSm`; its id is always empty."""

    __slots__ = ()
    COMMAND = RESPONSE | DeliverSm.COMMAND


class Unbind(Pdu):
    """Goodbye."""

    __slots__ = ()
    COMMAND = 0x00000006


class UnbindResp(Pdu):
    """Answer to `Unbind`."""

    __slots__ = ()
    COMMAND = RESPONSE | Unbind.COMMAND


class EnquireLink(Pdu):
    """Are you there?"""

    __slots__ = ()
    COMMAND = 0x00000015


class EnquireLinkResp(Pdu):
    """Answer to `EnquireLink`."""

    __slots__ = ()
    COMMAND = RESPONSE | EnquireLink.COMMAND


PDUS: dict[int, type[Pdu]] = {
    pdu.COMMAND: pdu
    for pdu in (
        GenericNack,
        BindReceiver,
        BindReceiverResp,
        BindTransmitter,
        BindTransmitterResp,
        BindTransceiver,
        BindTransceiverResp,
        SubmitSm,
        SubmitSmResp,
        DeliverSm,
        DeliverSmResp,
        Unbind,
        UnbindResp,
        EnquireLink,
        EnquireLinkResp,
    )
}
"""Every PDU that we read, by command id."""
