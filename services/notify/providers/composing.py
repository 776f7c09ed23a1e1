"""One message of ours as a mail: headers, UTF-8 body, and the envelope addresses that lead answers back to it."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from services.notify.providers.result import Outbound
from shared.kernel import clock

POLICY = SMTP.clone(cte_type="7bit")
"""7bit: every body goes as quoted-printable or base64, so that no server on the way has to offer 8BITMIME."""

UTF8_POLICY = SMTPUTF8.clone(cte_type="7bit")
"""For a recipient whose address is not ASCII; the server has to offer SMTPUTF8 then."""

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>\Z")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,64}@[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,255}\Z")


def fits(address: str) -> bool:
    """Whether an address can stand in an SMTP command and a header without quoting."""
    return _ADDRESS.match(address) is not None


def message_id(message: Outbound, domain: str) -> str:
    """`<uuid@domain>`; a reply's In-Reply-To leads back by it."""
    return f"<{message.message_id}@{domain}>"


def return_path(message: Outbound, domain: str) -> str:
    """Where bounces go. It names the message, so that a bounce that quotes nothing can still be matched."""
    return f"bounce+{message.message_id.hex}@{domain}"


def compose(message: Outbound, *, from_name: str, from_address: str, domain: str) -> EmailMessage:
    """The mail. Unfit reply addresses and ids of strangers are left out, never passed on."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(_one_line(from_name), addr_spec=from_address)
    mail["To"] = Address(addr_spec=message.recipient)
    if fits(message.sender):
        mail["Reply-To"] = Address(addr_spec=message.sender)
    mail["Subject"] = _one_line(message.subject or "")
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = message_id(message, domain)
    references = [each for each in message.message_references if _MESSAGE_ID.match(each)]
    if message.in_reply_to and _MESSAGE_ID.match(message.in_reply_to):
        mail["In-Reply-To"] = message.in_reply_to
        references = [*(each for each in references if each != message.in_reply_to), message.in_reply_to]
    if references:
        mail["References"] = " ".join(references[-10:])
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_whole(message.text), charset="utf-8")
    if message.html is not None:
        mail.add_alternative(_whole(message.html), subtype="html", charset="utf-8")
    return mail


def _whole(text: str) -> str:
    """Without lone surrogates, which have no UTF-8, and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", _whole(text)).split())
