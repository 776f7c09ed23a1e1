"""The phones of the sandbox: segments that arrive become messages once all their parts are there."""

from __future__ import annotations

from collections import OrderedDict

from deploy.local.sandbox.inbox import Inbox, Received
from services.notify.providers.smpp.addresses import readable
from services.notify.providers.smpp.pdu import ShortMessage
from services.notify.providers.smpp.userdata import Part, part_of, text_of
from shared.kernel import clock

_OPEN = 1000

_Pieces = dict[int, tuple[Part, str]]


class Phones:
    """Shows whole messages in the inbox. Keeps at most a thousand unfinished ones."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._open: OrderedDict[tuple[str, str, int, int], _Pieces] = OrderedDict()

    def receive(self, pdu: ShortMessage, provider_id: str) -> None:
        """A segment arrives on a phone. Raises PduError where its header is broken."""
        sender = readable(pdu.source, pdu.source_ton)
        recipient = readable(pdu.destination, pdu.destination_ton)
        part = part_of(pdu)
        key = (sender, recipient, part.reference, part.total)
        pieces = self._open.setdefault(key, {})
        pieces[part.number] = (part, provider_id)
        if len(pieces) < part.total:
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
            return
        del self._open[key]
        in_order = [pieces[number] for number in sorted(pieces)]
        self._inbox.add(
            Received(
                number=self._inbox.next_number(),
                channel="sms",
                sender=sender,
                recipient=recipient,
                text=text_of(b"".join(piece.octets for piece, _ in in_order), part.data_coding),
                at=clock.now(),
                reference=in_order[0][1],
                references=tuple(each for _, each in in_order),
            )
        )
