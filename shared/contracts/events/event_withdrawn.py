"""event-withdrawn: An event that could never be published was given up; readers count its number and do nothing."""

from __future__ import annotations

from shared.contracts.event import Event
from shared.contracts.topics import EVERY_SEQUENCED


class EventWithdrawn(Event, type="event-withdrawn", topic=EVERY_SEQUENCED, key="thing_id"):
    """An event that could never be published was given up by an operator; this takes its number."""

    thing_id: str
    """The id of what the event was about, whatever kind of thing that is."""
    withdrawn_type: str
    """The type of the event that will not come."""
    reason: str
    """Why the broker refused it: the class of the error."""
