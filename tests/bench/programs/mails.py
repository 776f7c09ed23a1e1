"""The mails of B9, the same for every side."""

from __future__ import annotations

from uuid import UUID, uuid4

from services.notify.providers.result import Outbound

DOMAIN = "frontdesk.example"
FROM = "frontdesk@frontdesk.example"
CONNECTIONS = 4
"""As our sender keeps by default."""
IN_FLIGHT = 20
"""Mails that are under way at once, as our sender allows by default."""

_TEXT = (
    "Dear Ann Lee,\n\nwe have received your complaint. Its number is T-2026-0000015-4. You will hear from us by "
    "22 Nov 11:22.\n\nThank you for telling us.\nFrontdesk\n"
)


def mails(count: int) -> list[Outbound]:
    """`count` mails to as many people."""
    return [_mail(uuid4(), number) for number in range(count)]


def _mail(message_id: UUID, number: int) -> Outbound:
    return Outbound(
        message_id=message_id,
        sender=f"reply+{message_id.hex}@{DOMAIN}",
        recipient=f"ann.{number}@people.example",
        text=_TEXT,
        subject="We have received your complaint T-2026-0000015-4",
    )
