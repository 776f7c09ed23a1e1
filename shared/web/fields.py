"""Field types that requests share; each fails with an error kind that `expected.py` can say in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AwareDatetime, StringConstraints
from pydantic_core import PydanticCustomError

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_DIALLED = re.compile(r"(?!\+[ ()./-]*0)\+?[0-9 ()./-]+")


def _phone(value: str) -> str:
    # The library would pick a number out of any text around it, and read +00 86 … as a number of America.
    if not _DIALLED.fullmatch(value):
        raise PydanticCustomError("phone_number", "not a phone number")
    try:
        number = phonenumbers.parse(value, "CN")
    except phonenumbers.NumberParseException:
        raise PydanticCustomError("phone_number", "not a phone number") from None
    # "Possible" alone would take a local number without its area code, which no network can reach.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise PydanticCustomError("phone_number", "not a phone number")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise PydanticCustomError("email_address", "not an e-mail address") from None


@cache
def _zones() -> frozenset[str]:
    # Once: the library walks through all files of the system's zones and of tzdata each time it is asked.
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise PydanticCustomError("time_zone", "not a time zone")
    return value


def _instant(value: datetime) -> datetime:
    # Far years overflow as soon as somebody computes in a zone or adds a deadline.
    if not _EARLIEST <= value < _LATEST:
        raise PydanticCustomError("instant_range", "out of range")
    return value.astimezone(UTC)


Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_phone)]
"""A phone number, told as E.164; one without a country is taken for a Chinese one."""

Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email)]
"""An e-mail address, lower-cased; nobody asks the DNS."""

Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
"""An IANA time zone."""

Instant = Annotated[AwareDatetime, AfterValidator(_instant)]
"""A moment with a zone, from 2000 to 2199, told in UTC."""

LanguageTag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""A BCP 47 tag, e.g. `zh-CN`."""
