"""The complaints service: what it answers, reacts to, times and copies."""

from __future__ import annotations

from services.complaints.deadlines.reactions import TIMERS
from services.complaints.settings import settings
from services.complaints.tickets.api import router
from services.complaints.tickets.erasure import forget
from services.complaints.tickets.reactions import REACTIONS
from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.contracts.events.staff_changed import StaffChanged
from shared.messaging.reactions import Copy
from shared.runtime.service import Service

service = Service(
    name="complaints",
    settings=settings,
    database_url=lambda: settings().database_url,
    routers=[router],
    reactions=REACTIONS,
    timers=TIMERS,
    copies=[
        Copy(PartyChanged, frozenset({"party_id", "name", "addresses", "language", "zone"}), on_gone=forget),
        Copy(StaffChanged),
        Copy(DepartmentChanged),
        Copy(SigningKeyPublished),
    ],
)
