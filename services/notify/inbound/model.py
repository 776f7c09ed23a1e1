"""What an inbound message is, told from the message alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import phonenumbers

from services.notify.policy.model import ALL
from services.notify.receiver.mail import InboundMail

Kind = Literal["reply", "contact", "opt-out", "opt-in", "auto", "bulk", "bounce", "report", "unreadable"]

_OPT_OUT = frozenset({"td", "t", "stop", "stopall", "unsubscribe", "退订", "取消订阅", "拒收"})
_OPT_IN = frozenset({"start", "unstop", "恢复订阅", "订阅"})
_SHORT_CODE = 8
"""Signs of the longest number, plus sign and country code included, that is a service's and not a person's."""
_AROUND = " \t\r\n.,!。，！“”\"'"


def consent_word(text: str) -> frozenset[str] | None:
    """The refusals that a message of one word asks for; None where it is no such word."""
    word = text.strip(_AROUND).casefold()
    if word in _OPT_OUT:
        return frozenset({ALL})
    return frozenset() if word in _OPT_IN else None


def machine_kind(mail: InboundMail, our_domain: str) -> Kind | None:
    """Why a mail is a machine's, which is recorded and never answered; None where a person wrote it."""
    if mail.report is not None:
        return "bounce" if mail.bounce is not None else "report"
    if mail.bulk:
        return "bulk"
    # A mail from ourselves is a loop, whatever its headers say.
    if mail.auto or mail.from_address.endswith(f"@{our_domain}"):
        return "auto"
    return None if "@" in mail.from_address else "unreadable"


def person_number(number: str, country: str) -> str | None:
    """A sender's number as E.164; None for short codes and names, behind which no person reads our answer."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    written: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return written if len(written) > _SHORT_CODE else None


def our_number(number: str, pool: Sequence[str]) -> str:
    """Which number of ours was written to, whether or not the network wrote its plus sign."""
    digits = number.lstrip("+")
    return next((ours for ours in pool if ours.lstrip("+") == digits), number)


def fingerprint(*parts: object) -> str:
    """A stand-in for the provider's id where it gives none."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
