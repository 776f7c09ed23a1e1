"""One message of ours as the submit_sm PDUs of its segments."""

from __future__ import annotations

from services.notify.providers.result import Outbound
from services.notify.providers.segments import Segmented
from services.notify.providers.smpp import tlv, userdata
from services.notify.providers.smpp.addresses import written
from services.notify.providers.smpp.pdu import SubmitSm

MAX_SEGMENTS = 10
"""More is a mistake of a template, not a message."""

_RECEIPT_WANTED = 1


def submissions(message: Outbound, segmented: Segmented, reference: int) -> list[SubmitSm]:
    """The PDUs in order. Raises ValueError, without the address, where sender or recipient does not fit."""
    source_ton, source_npi, source = written(message.sender)
    destination_ton, destination_npi, destination = written(message.recipient)
    total = len(segmented.parts)
    return [
        SubmitSm(
            source_ton=source_ton,
            source_npi=source_npi,
            source=source,
            destination_ton=destination_ton,
            destination_npi=destination_npi,
            destination=destination,
            esm_class=userdata.UDHI if total > 1 else 0,
            registered_delivery=_RECEIPT_WANTED,
            data_coding=userdata.UCS2 if segmented.alphabet == "ucs2" else userdata.GSM,
            short_message=(userdata.header(reference, number, total) if total > 1 else b"") + octets,
            # Two octets of our id, so that the provider's log and ours can be laid side by side.
            tlvs={tlv.USER_MESSAGE_REFERENCE: (message.message_id.int & 0xFFFF).to_bytes(2, "big")},
        )
        for number, octets in enumerate(segmented.encoded(), start=1)
    ]
