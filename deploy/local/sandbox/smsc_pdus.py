"""The deliver_sm PDUs that the message centre makes: receipts, and messages from phones."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.local.sandbox.faults import SmsFault
from services.notify.providers.segments import split
from services.notify.providers.smpp import tlv, userdata
from services.notify.providers.smpp.addresses import written
from services.notify.providers.smpp.pdu import DeliverSm, SubmitSm
from services.notify.providers.smpp.receipts import WORDS
from shared.kernel import clock

_RECEIPT = 0x04

_ERRORS: Mapping[str, str] = {"DELIVRD": "000", "UNDELIV": "011", "EXPIRED": "027", "REJECTD": "099", "UNKNOWN": "255"}


def receipt_for(pdu: SubmitSm, provider_id: str, fault: SmsFault) -> DeliverSm:
    """The receipt of one segment. Under another spelling of the id the receipt is text only, as such centres do."""
    at = clock.now().strftime("%y%m%d%H%M")
    spelled = {"same": provider_id, "upper": provider_id.upper(), "decimal": str(int(provider_id, 16))}
    named = spelled[fault.receipt_id]
    done = 1 if fault.receipt_state == "DELIVRD" else 0
    text = (
        f"id:{named} sub:001 dlvrd:{done:03d} submit date:{at} done date:{at} "
        f"stat:{fault.receipt_state} err:{_ERRORS[fault.receipt_state]} text:"
    )
    extra = {
        tlv.RECEIPTED_MESSAGE_ID: named.encode() + b"\0",
        tlv.MESSAGE_STATE: bytes((WORDS[fault.receipt_state],)),
    }
    return DeliverSm(
        source_ton=pdu.destination_ton,
        source_npi=pdu.destination_npi,
        source=pdu.destination,
        destination_ton=pdu.source_ton,
        destination_npi=pdu.source_npi,
        destination=pdu.source,
        esm_class=_RECEIPT,
        short_message=text.encode("ascii"),
        tlvs=extra if fault.receipt_id == "same" else {},
    )


def phone_message(sender: str, recipient: str, text: str, reference: int) -> list[DeliverSm]:
    """A phone's text as the parts that its network brings. Raises ValueError for an address that does not fit."""
    source_ton, source_npi, source = written(sender)
    destination_ton, destination_npi, destination = written(recipient)
    segmented = split(text)
    total = len(segmented.parts)
    if total > 255:
        raise ValueError("text is too long")
    return [
        DeliverSm(
            source_ton=source_ton,
            source_npi=source_npi,
            source=source,
            destination_ton=destination_ton,
            destination_npi=destination_npi,
            destination=destination,
            esm_class=userdata.UDHI if total > 1 else 0,
            data_coding=userdata.UCS2 if segmented.alphabet == "ucs2" else userdata.GSM,
            short_message=(userdata.header(reference, number, total) if total > 1 else b"") + octets,
        )
        for number, octets in enumerate(segmented.encoded(), start=1)
    ]
