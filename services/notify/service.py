"""The notify service, composed."""

from __future__ import annotations

from services.notify.erasure import on_party_gone
from services.notify.inbound import role as receiver
from services.notify.messages import api as messages_api
from services.notify.messages.commands import PUBLISHED
from services.notify.notices.reactions import reactions
from services.notify.sender import role as sender
from services.notify.settings import settings
from services.notify.threads import api as threads_api
from shared.contracts.events.consent_changed import ConsentChanged
from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.contracts.events.staff_changed import StaffChanged
from shared.messaging.reactions import Copy
from shared.runtime.service import Service

service = Service(
    name="notify",
    settings=settings,
    database_url=lambda: settings().database_url,
    routers=[messages_api.router, threads_api.router],
    reactions=reactions(),
    copies=[
        Copy(PartyChanged, on_gone=on_party_gone, publishes=PUBLISHED),
        Copy(StaffChanged),
        Copy(DepartmentChanged),
        Copy(SigningKeyPublished),
        Copy(ConsentChanged),
    ],
    roles={"sender": sender.run, "receiver": receiver.run},
)
