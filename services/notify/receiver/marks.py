"""Signs that a machine or a mailing sent a mail. Rules as data; what they catch is recorded and never answered."""

from __future__ import annotations

import re
from email.message import EmailMessage

from services.notify.receiver.headers import header

_ANY = re.compile(r"")

_AUTO_SUBJECT = (
    r"\s*(auto(matic|mated)?[ -:]*(reply|response|answer)\b|out of (the )?office\b"
    r"|自动(回复|答复|应答)|外出自动)"
)

AUTO: tuple[tuple[str, re.Pattern[str]], ...] = (
    # RFC 3834 §5: anything but "no" was sent without a person.
    ("Auto-Submitted", re.compile(r"\s*(?!no\b)\S", re.I)),
    # RFC 5429 / Outlook, Exchange and older responders.
    ("X-Autoreply", _ANY),
    ("X-Autorespond", _ANY),
    ("X-Autoresponder", _ANY),
    ("X-Auto-Reply", _ANY),
    ("X-MS-Exchange-Inbox-Rules-Loop", _ANY),
    ("X-Failed-Recipients", _ANY),
    ("Precedence", re.compile(r"\s*auto[_-]?reply", re.I)),
    ("Return-Path", re.compile(r"\s*<\s*>\s*$")),
    ("From", re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", re.I)),
    (
        "Subject",
        re.compile(_AUTO_SUBJECT, re.I),
    ),
)
"""Header, and what its text has to begin with or hold."""

BULK: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("List-Id", _ANY),
    ("List-Unsubscribe", _ANY),
    ("List-Post", _ANY),
    ("Precedence", re.compile(r"\s*(bulk|list|junk)\b", re.I)),
    ("Feedback-ID", _ANY),
    ("X-Campaign-Id", _ANY),
)


def is_auto(message: EmailMessage) -> bool:
    """Whether a machine sent it (RFC 3834)."""
    return message.get_content_type() == "multipart/report" or _matches(message, AUTO)


def is_bulk(message: EmailMessage) -> bool:
    """Whether it went to many: a list, a newsletter (RFC 2919, RFC 2369)."""
    return _matches(message, BULK)


def _matches(message: EmailMessage, rules: tuple[tuple[str, re.Pattern[str]], ...]) -> bool:
    present = {name.lower() for name in message.keys()}  # noqa: SIM118 - iterating a message walks bytes
    return any(
        name.lower() in present and (rule.search if name == "From" else rule.match)(header(message, name)) is not None
        for name, rule in rules
    )
