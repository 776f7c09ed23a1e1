"""Somebody comes without an appointment (IN-04): received at once, and the host, or who stands in, is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.intake.desk import store
from services.intake.desk.model import ApplicantForm, GuestKind, Identity
from services.intake.parties import commands as parties
from services.intake.parties.model import Claim
from services.intake.visits import store as visit_store
from services.intake.visits import timers
from services.intake.visits.events import arrived
from services.intake.visits.machine import VISIT
from services.intake.visits.model import LONGEST, TEMPLATES, Visit
from services.intake.visits.requesting import host_of
from shared.kernel.errors import Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

KIND = "walk-in"
_STAY = timedelta(hours=1)
"""How long a walk-in is taken to stay where nobody says otherwise (our default)."""


@dataclass(frozen=True, slots=True)
class WalkIn:
    """What the desk asks somebody who was not expected. `form`: what an applicant without papers fills in (FM-05)."""

    guest: Claim
    guest_kind: GuestKind
    purpose: str
    head_count: int = 1
    company: str | None = None
    identity: Identity | None = None
    departure: datetime | None = None
    has_papers: bool = True
    form: ApplicantForm | None = None


async def receive(uow: UnitOfWork, walk_in: WalkIn, *, host_id: UUID, by: UUID) -> Visit:
    """A visit that begins with its arrival. Where the host is away, who stands in for them receives the guest.

    Raises Refused: `host-unknown`, `host-absent`, `applicant-form-missing`, `impossible-dates` (422).
    """
    if walk_in.guest_kind == "applicant" and not walk_in.has_papers and walk_in.form is None:
        raise Refused("applicant-form-missing", status=422, field="form", expected="the form, or papers")
    host = await host_of(uow, host_id)
    acting = await directory.acting_for(uow, host.staff_id, uow.now)
    if acting is None:
        raise Refused("host-absent", status=422, field="host_id", expected="somebody who is here")
    departure = walk_in.departure or uow.now + _STAY
    if not uow.now < departure <= uow.now + LONGEST:
        raise Refused("impossible-dates", status=422, field="departure", expected="an instant that is to come")
    # Who is here lives by our clocks.
    party = await parties.identify(uow, replace(walk_in.guest, zone=walk_in.guest.zone or acting.zone))
    addresses = walk_in.guest.addresses
    visit = Visit(
        id=uow.new_id("visit"),
        kind=KIND,
        state=VISIT.step("new", "receive", TEMPLATES[KIND].facts).target,
        revision=1,
        party_id=party.id,
        address_id=addresses[0].address_id if addresses else None,
        asked_by_guest=True,
        requester_id=None,
        host_id=acting.staff_id,
        department_id=acting.department_id,
        purpose=walk_in.purpose,
        head_count=walk_in.head_count,
        arrival=uow.now,
        departure=departure,
        zone=acting.zone,
        short_notice_reason=None,
        created_at=uow.now,
        company=walk_in.company,
        guest_kind=walk_in.guest_kind,
        identity=walk_in.identity,
        arrived_at=uow.now,
    )
    await visit_store.add(uow, visit)
    if walk_in.form is not None:
        await store.add_form(uow, visit.id, walk_in.form)
    timers.await_departure(uow, visit)
    uow.publish(arrived(visit, host_knows=by == visit.host_id), about=visit.about)
    uow.audit(by, "receive", "visit", visit.id, kind=walk_in.guest_kind, instead_of=_other(host_id, visit.host_id))
    return visit


def _other(wanted: UUID, found: UUID) -> str | None:
    return None if wanted == found else str(wanted)
