"""Phone numbers as SMPP writes them: a type of number, a numbering plan, and up to 20 characters."""

from __future__ import annotations

import re

_UNKNOWN, _INTERNATIONAL, _ALPHANUMERIC = 0, 1, 5
_ISDN = 1

_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_SHORT = re.compile(r"[0-9]{2,20}\Z")


def written(address: str) -> tuple[int, int, str]:
    """Type, plan and digits of one of our addresses: E.164 with `+`, a short code, or a sender's name.

    Raises ValueError, without the address, for anything that does not fit.
    """
    if _E164.match(address):
        return _INTERNATIONAL, _ISDN, address[1:]
    if _SHORT.match(address):
        return _UNKNOWN, _ISDN, address
    if 0 < len(address) <= 11 and address.isascii() and address.isprintable():
        return _ALPHANUMERIC, _UNKNOWN, address
    raise ValueError("address does not fit SMPP")


def readable(digits: str, ton: int) -> str:
    """An address of theirs as we write it: E.164 where they say that it is international, else as it came."""
    if ton == _INTERNATIONAL and digits.isdecimal():
        return f"+{digits}"
    return digits
