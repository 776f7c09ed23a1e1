"""Delivery reports: RFC 3464 where a server speaks it, else the known shapes of bounces (flufl.bounce)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import EmailMessage, Message
from uuid import UUID

from flufl.bounce import all_failures

from services.notify.receiver.headers import header, headers
from services.notify.receiver.mail import DeliveryReport, ReportState, our_message_id
from services.notify.receiver.quiet import silence

silence("flufl.bounce")

_STATES: Mapping[str, ReportState] = {
    "delivered": "delivered",
    "relayed": "relayed",
    "expanded": "relayed",
    "delayed": "delayed",
    "failed": "failed",
}
_WORST: tuple[ReportState, ...] = ("failed", "delayed", "relayed", "delivered")
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})")
_RETURNED_ID = re.compile(rb"^Message-ID:\s*(<[!-;=?-~]{1,250}>)", re.I | re.M)


def report_of(message: EmailMessage, recipient: str) -> DeliveryReport | None:
    """The report in a mail, or None where it is none. `recipient` may be a return path that names the message."""
    fields = _status_fields(message)
    if fields:
        return _structured(message, recipient, fields)
    if not _may_be_bounce(message, recipient):
        return None
    return _unstructured(message, recipient)


def _structured(message: EmailMessage, recipient: str, fields: list[Message]) -> DeliveryReport | None:
    about = [(_STATES.get(header(each, "Action").lower()), each) for each in fields]
    states = [state for state, _ in about if state is not None]
    if not states:
        return None
    worst = min(states, key=_WORST.index)
    code = next((_status(each) for state, each in about if state == worst), "")
    return DeliveryReport(
        message_id=_ours(message, recipient, fields),
        state=worst,
        permanent=worst == "failed" and not code.startswith("4"),
        code=code,
        recipients=tuple(filter(None, (_final_recipient(each) for state, each in about if state is not None)))[:20],
    )


def _unstructured(message: EmailMessage, recipient: str) -> DeliveryReport | None:
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - its detectors are heuristics over hostile text; a mail that trips one is no report
        return None
    if not temporary and not permanent:
        return None
    return DeliveryReport(
        message_id=_ours(message, recipient, []),
        state="failed" if permanent else "delayed",
        permanent=bool(permanent),
        code="",
        recipients=tuple(sorted(_text(each).lower() for each in permanent or temporary))[:20],
    )


def _may_be_bounce(message: EmailMessage, recipient: str) -> bool:
    """Only mail that came to a return path, or from a mail system: a person's words may look like a bounce too."""
    senders = header(message, "From").lower()
    return (
        recipient.lower().startswith("bounce+")
        or "mailer-daemon@" in senders
        or "postmaster@" in senders
        or bool(headers(message, "X-Failed-Recipients"))
    )


def _status_fields(message: EmailMessage) -> list[Message]:
    if message.get_content_type() != "multipart/report":
        return []
    for part in message.walk():
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            payload = part.get_payload()
            return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
    return []


def _status(fields: Message) -> str:
    found = _STATUS.match(header(fields, "Status"))
    return found[1] if found else ""


def _final_recipient(fields: Message) -> str:
    named = header(fields, "Original-Recipient") or header(fields, "Final-Recipient")
    return named.partition(";")[2].strip().lower()[:320]


def _ours(message: EmailMessage, recipient: str, fields: list[Message]) -> UUID | None:
    """Our message: by ENVID, by the return path it came to, by the Message-ID in what was returned."""
    for each in fields:
        named = our_message_id(header(each, "Original-Envelope-Id"))
        if named is not None:
            return named
    local = recipient.rpartition("@")[0]
    if local.lower().startswith("bounce+") and len(local) == len("bounce+") + 32:
        try:
            return UUID(hex=local[len("bounce+") :])
        except ValueError:
            return None
    return _returned(message)


def _returned(message: EmailMessage) -> UUID | None:
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822" and isinstance(payload := part.get_payload(), list) and payload:
            enclosed = payload[0]
            return our_message_id(header(enclosed, "Message-ID")) if isinstance(enclosed, Message) else None
        if kind == "text/rfc822-headers":
            octets = part.get_payload(decode=True)
            found = _RETURNED_ID.search(octets) if isinstance(octets, bytes) else None
            return our_message_id(found[1].decode("ascii")) if found else None
    return None


def _text(address: bytes | str) -> str:
    return address.decode("latin-1") if isinstance(address, bytes) else address
