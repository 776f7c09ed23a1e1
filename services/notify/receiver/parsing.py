"""Octets of a mail → `InboundMail`. Everything is hostile: any defect means an empty field, never an exception."""

from __future__ import annotations

import re
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from email.utils import parseaddr
from itertools import islice

from services.notify.receiver.headers import MESSAGE_ID, header, headers
from services.notify.receiver.mail import InboundMail
from services.notify.receiver.marks import is_auto, is_bulk
from services.notify.receiver.quoting import without_history
from services.notify.receiver.reports import report_of
from services.notify.receiver.words import words_of

MAX_TEXT = 20_000
"""Characters of a mail's text that are kept."""
MAX_PARTS = 200
"""MIME parts beyond which a mail is refused: nobody writes such a mail."""

MAX_CONTAINERS = 20
MAX_LINES = 200_000
"""The stock parser tries every open container's boundary on every line; beyond these a small mail costs minutes."""

_CONTAINER = re.compile(rb"multipart/|message/rfc822", re.I)
_ADDRESS = re.compile(r"[^\s<>,;:\\\"]{1,64}@[^\s<>,;:\\\"@]{1,255}\Z")


class TooComplex(Exception):
    """The mail nests deeper, or has more parts, than anything that a person sends."""


def parse(
    message: EmailMessage, sender: str, recipient: str, received_at: datetime, *, dkim_aligned: bool
) -> InboundMail:
    """The plain values of a mail that came from the envelope address `sender`, empty for the null return path."""
    report = report_of(message, recipient)
    return InboundMail(
        message_id=_one_id(header(message, "Message-ID")),
        from_address=from_address(message),
        to_address=recipient.lower(),
        token=_token(recipient),
        in_reply_to=_one_id(header(message, "In-Reply-To")),
        references=tuple(MESSAGE_ID.findall(header(message, "References")))[-50:],
        subject=header(message, "Subject")[:500],
        text=without_history(words_of(message))[:MAX_TEXT],
        auto=not sender or report is not None or is_auto(message),
        bulk=is_bulk(message),
        report=report,
        dkim_aligned=dkim_aligned,
        received_at=received_at,
    )


def read(octets: bytes) -> EmailMessage:
    """The parsed mail. Raises TooComplex for what would take the parser too long, or what it gives up on."""
    if octets.count(b"\n") > MAX_LINES or sum(1 for _ in _CONTAINER.finditer(octets)) > MAX_CONTAINERS:
        raise TooComplex("too many lines or containers")
    try:
        message: EmailMessage = BytesParser(_class=EmailMessage, policy=SMTP).parsebytes(octets)
        parts = sum(1 for _ in islice(message.walk(), MAX_PARTS + 1))
    except RecursionError:
        raise TooComplex("nested too deep") from None
    if parts > MAX_PARTS:
        raise TooComplex("too many parts")
    return message


def from_address(message: EmailMessage) -> str:
    """The one address in From, lower case; empty where there is none, several, or something else."""
    lines = headers(message, "From")
    if len(lines) != 1:
        return ""
    address = parseaddr(lines[0])[1].lower()
    return address if _ADDRESS.match(address) else ""


def _token(recipient: str) -> str | None:
    local = recipient.rpartition("@")[0]
    prefix, plus, token = local.partition("+")
    return token if plus and token and prefix.lower() == "reply" else None


def _one_id(text: str) -> str | None:
    found = MESSAGE_ID.search(text)
    return found[0] if found else None
