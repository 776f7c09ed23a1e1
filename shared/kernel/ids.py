"""Identifiers: made once for a person's request, made again alike for a reaction."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal
from uuid import UUID, uuid5

import uuid_utils.compat

_NAMESPACE = UUID("6d0f6a52-3f0b-5b1e-9a53-2f5d3f6f4a10")

AddressKind = Literal["phone", "email"]


def new_id() -> UUID:
    """A time-ordered id (UUIDv7, RFC 9562) for what a person asks for."""
    return uuid_utils.compat.uuid7()


def derived_id(kind: str, *natural_key: object) -> UUID:
    """An id (UUIDv5) that is the same whenever the same thing is made again, e.g. by an event delivered twice."""
    return uuid5(_NAMESPACE, "\x1f".join((kind, *map(str, natural_key))))


def address_id(secret: bytes, kind: AddressKind, value: str) -> str:
    """The id of a phone number (E.164) or e-mail address: 32 hex digits that say nothing about the address.

    First 128 bits of HMAC-SHA256 under the deployment's secret, which is never rotated: the id must stay.
    """
    text = value.strip().lower() if kind == "email" else value
    return hmac.new(secret, f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()[:32]


def with_check_digit(number: str) -> str:
    """`number` and its Luhn mod 10 check digit, so that one digit misheard or two swapped are noticed."""
    return number + _luhn(number)


def has_valid_check_digit(number: str) -> bool:
    """Whether the last digit of `number` checks the digits before it; other characters are passed over."""
    return len(number) > 1 and _luhn(number[:-1]) == number[-1]


def _luhn(number: str) -> str:
    total = 0
    for place, digit in enumerate(reversed([int(c) for c in number if c.isdigit()])):
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)
