"""consent-changed: what an address may be sent, as its owner said."""

from __future__ import annotations

from pydantic import AwareDatetime

from shared.contracts.event import Event
from shared.contracts.topics import CONSENTS


class ConsentChanged(Event, type="consent-changed", topic=CONSENTS, key="address_id"):
    """What an address may be sent, as its owner said."""

    address_id: str
    refused: tuple[str, ...]
    """Categories that its owner wants no more; `*` for all that consent can stop."""
    changed_at: AwareDatetime
