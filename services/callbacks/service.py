"""The callbacks service, composed."""

from __future__ import annotations

from services.callbacks.callbacks import api as callbacks_api
from services.callbacks.callbacks import reactions as callbacks_reactions
from services.callbacks.erasure import on_party_gone
from services.callbacks.settings import settings
from services.callbacks.surveys import api as surveys_api
from services.callbacks.surveys import reactions as surveys_reactions
from shared.contracts.events.consent_changed import ConsentChanged
from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.contracts.events.staff_changed import StaffChanged
from shared.messaging.reactions import Copy
from shared.runtime.service import Service

service = Service(
    name="callbacks",
    settings=settings,
    database_url=lambda: settings().database_url,
    routers=[callbacks_api.router, surveys_api.router],
    reactions=[*callbacks_reactions.REACTIONS, *surveys_reactions.REACTIONS],
    timers=callbacks_reactions.TIMERS,
    copies=[
        Copy(PartyChanged, on_gone=on_party_gone),
        Copy(StaffChanged),
        Copy(DepartmentChanged),
        Copy(SigningKeyPublished),
        Copy(ConsentChanged),
    ],
)
