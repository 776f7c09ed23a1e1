"""One message of ours as a mail: headers, UTF-8 body, and the envelope addresses that lead answers back to it."""

from __future__ import annotations

import re
from email.charset import BASE64, QP, Charset
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.policy import SMTPUTF8, compat32
from email.utils import format_datetime, formataddr

from services.notify.providers.result import Outbound
from shared.kernel import clock

# The plain classes of the standard library: those with a registry of headers parse each header that they are given,
# which takes six times as long as all the rest of a mail.
_POLICY = compat32.clone(linesep="\r\n")

_UTF8_POLICY = SMTPUTF8.clone(cte_type="7bit")
"""For addresses that are not ASCII; the server has to offer SMTPUTF8 then. Bodies are ASCII all the same."""

_LONGEST_LINE = 78

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


def octets(message: Outbound, *, from_name: str, from_address: str, domain: str) -> bytes:
    """The mail as it goes over the line. Unfit reply addresses and ids of strangers are left out, never passed on.

    Every body goes as quoted-printable or base64, so that no server on the way has to offer 8BITMIME.
    """
    name, subject = _one_line(from_name), _one_line(message.subject or "")
    reply_to = message.sender if fits(message.sender) else None
    rest = _rest(message, domain)
    if (message.recipient + from_address + (reply_to or "")).isascii():
        mail = _body(message)
        mail["From"] = formataddr((name, from_address))
        mail["To"] = message.recipient
        if reply_to is not None:
            mail["Reply-To"] = reply_to
        mail["Subject"] = Header(subject, None if subject.isascii() else "utf-8", _LONGEST_LINE, "Subject").encode()
        for header, value in rest:
            mail[header] = value
        return mail.as_bytes(policy=_POLICY)
    wide = EmailMessage(policy=_UTF8_POLICY)
    wide["From"] = Address(name, addr_spec=from_address)
    wide["To"] = Address(addr_spec=message.recipient)
    if reply_to is not None:
        wide["Reply-To"] = Address(addr_spec=reply_to)
    wide["Subject"] = subject
    for header, value in rest:
        wide[header] = value
    wide.set_content(_whole(message.text), charset="utf-8")
    if message.html is not None:
        wide.add_alternative(_whole(message.html), subtype="html", charset="utf-8")
    return wide.as_bytes()


def _rest(message: Outbound, domain: str) -> list[tuple[str, str]]:
    """The headers that look alike in every mail."""
    headers = [("Date", format_datetime(clock.now())), ("Message-ID", message_id(message, domain))]
    references = [each for each in message.message_references if _MESSAGE_ID.match(each)]
    if message.in_reply_to and _MESSAGE_ID.match(message.in_reply_to):
        headers.append(("In-Reply-To", message.in_reply_to))
        references = [*(each for each in references if each != message.in_reply_to), message.in_reply_to]
    if references:
        headers.append(("References", " ".join(references[-10:])))
    return [*headers, ("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")]


def _body(message: Outbound) -> Message:
    plain = _part(message.text, "plain")
    if message.html is None:
        return plain
    return MIMEMultipart("alternative", _subparts=[plain, _part(message.html, "html")], policy=_POLICY)


def _part(text: str, kind: str) -> Message:
    """Whichever encoding is shorter: base64 where most of it is not ASCII."""
    words, charset = _whole(text), Charset("utf-8")
    charset.body_encoding = QP if len(words.encode()) < 1.3 * len(words) else BASE64
    if charset.body_encoding == BASE64:
        words = "\r\n".join(words.splitlines()) + "\r\n"  # its line ends are encoded too (RFC 2045, 6.8)
    part = Message(policy=_POLICY)
    part["Content-Type"] = f"text/{kind}"
    part.set_payload(words, charset)
    return part


def _whole(text: str) -> str:
    """Without lone surrogates, which have no UTF-8, and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", _whole(text)).split())
