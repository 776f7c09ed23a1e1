"""What a channel of somebody else says, as far as it can be used; the record as it came is kept beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.contracts.events.channel_message_received import ChannelMessageReceived, Sender
from shared.web.fields import Email, Instant, LanguageTag, Phone, Zone

_PHONE: TypeAdapter[str] = TypeAdapter(Phone)
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_ZONE: TypeAdapter[str] = TypeAdapter(Zone)
_LANGUAGE: TypeAdapter[str] = TypeAdapter(LanguageTag)
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def usable(event: ChannelMessageReceived, now: datetime) -> ChannelMessageReceived:
    """The event with numbers and addresses spelled our way.

    An address, zone, language or date that none is counts as not said: whoever complains is heard all the same, and
    nobody further on computes with a zone or a year that does not exist.
    """
    received_at = _read(_INSTANT, event.received_at)
    return event.model_copy(
        update={
            "sender": Sender(
                name=event.sender.name,
                phone=_read(_PHONE, event.sender.phone),
                email=_read(_EMAIL, event.sender.email),
            ),
            "zone": _read(_ZONE, event.zone),
            "language": _read(_LANGUAGE, event.language),
            "received_at": now if received_at is None or received_at > now else received_at,
        }
    )


def _read(kind: TypeAdapter[Any], value: object) -> Any:
    if value is None:
        return None
    try:
        return kind.validate_python(value)
    except (ValidationError, OverflowError):  # the second: a date that is before the first one in UTC
        return None
