"""intake as data: what it answers, reacts to, times and copies."""

from __future__ import annotations

from services.intake.appointments.api import router as appointments
from services.intake.appointments.handover import move_offers
from services.intake.appointments.pages import router as appointment_pages
from services.intake.approvals.api import router as approvals
from services.intake.calendars.api import router as calendars
from services.intake.cases.api import router as cases
from services.intake.channels.api import router as channels
from services.intake.channels.keys import known_sources
from services.intake.channels.reactions import REACTIONS as ON_CHANNELS
from services.intake.desk.api import router as desk
from services.intake.directory import signing
from services.intake.directory.api import router as sign_in
from services.intake.directory.departments_api import router as departments
from services.intake.directory.handover import Handover
from services.intake.directory.staff_api import router as staff
from services.intake.drafts.api import router as drafts
from services.intake.drafts.commands import TIMERS as DRAFT_TIMERS
from services.intake.parties.api import router as parties
from services.intake.parties.erasure import forget
from services.intake.settings import settings
from services.intake.standards.api import router as standards
from services.intake.visits import handover as visits_handover
from services.intake.visits.api import router as visits
from services.intake.visits.reactions import REACTIONS as ON_VISITS
from services.intake.visits.reception_api import router as receptions
from services.intake.visits.timed import TIMERS as VISIT_TIMERS
from shared.contracts.events.consent_changed import ConsentChanged
from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.contracts.events.staff_changed import StaffChanged
from shared.messaging.reactions import Copy, TimerHandler
from shared.runtime.service import Service

handover = Handover((*visits_handover.MOVERS, move_offers), publishes=visits_handover.PUBLISHES)
"""Each module whose things belong to somebody hands its movers in here."""

service = Service(
    name="intake",
    settings=settings,
    database_url=lambda: settings().database_url,
    routers=(
        sign_in,
        departments,
        staff,
        calendars,
        channels,
        parties,
        cases,
        standards,
        approvals,
        drafts,
        visits,
        receptions,
        desk,
        appointments,
    ),
    pages=(appointment_pages,),
    reactions=(*ON_CHANNELS, *ON_VISITS, handover.reaction),
    timers=(
        *VISIT_TIMERS,
        *DRAFT_TIMERS,
        handover.timer,
        TimerHandler(signing.ROTATE, signing.rotate, publishes=frozenset({SigningKeyPublished})),
    ),
    copies=(
        Copy(PartyChanged, on_gone=forget),
        *(Copy(event) for event in (StaffChanged, DepartmentChanged, SigningKeyPublished, ConsentChanged)),
    ),
    known_sources=known_sources,
)
