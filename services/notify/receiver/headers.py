"""Header fields of a stranger's mail as plain text; a field that cannot be read is empty."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")

MAX_HEADER = 4000

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def headers(message: Message, name: str) -> list[str]:
    """Every field of this name, decoded, on one line, at most 4000 characters each."""
    # The parsed fields of the new policy raise on some malformed addresses and ids, so the raw text is decoded here.
    return [_plain(str(value)) for key, value in message.raw_items() if key.lower() == name.lower()][:10]


def header(message: Message, name: str) -> str:
    """The first field of this name, or empty."""
    found = headers(message, name)
    return found[0] if found else ""


def _plain(raw: str) -> str:
    text = raw[:MAX_HEADER]
    try:
        text = str(make_header(decode_header(text)))
    except (ValueError, LookupError, MessageError):
        # An encoded word that nobody can read is shown as it came.
        text = raw[:MAX_HEADER]
    return " ".join(_CONTROL.sub(" ", text).split())
