"""What the desk reads, and the table of applicants' forms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Table, delete, insert, select

from services.intake.appointments.store import appointment
from services.intake.desk.model import ApplicantForm
from services.intake.parties.store import party
from services.intake.tables import document, identifier, metadata
from services.intake.visits.store import visit
from shared.store.unit_of_work import UnitOfWork

MOST_EXPECTED = 500

_AT_THE_DOOR = ("approving", "approved", "preparing", "confirmed", "arrived")

applicant_form = Table("applicant_form", metadata, identifier("visit_id", primary_key=True), document("form"))


@dataclass(frozen=True, slots=True)
class Expected:
    """A visit as the desk needs it."""

    visit_id: UUID
    kind: str
    state: str
    guest: str | None
    company: str | None
    head_count: int
    host_id: UUID
    arrival: datetime
    departure: datetime
    plate: str | None


async def expected(uow: UnitOfWork, since: datetime, before: datetime) -> list[Expected]:
    """Who is to arrive from `since` to before `before`, or is here, the first first; at most five hundred."""
    columns = visit.c
    query = (
        select(
            columns.id.label("visit_id"),
            columns.kind,
            columns.state,
            party.c.name.label("guest"),
            columns.company,
            columns.head_count,
            columns.host_id,
            columns.arrival,
            columns.departure,
            appointment.c.plate,
        )
        .join(party, party.c.id == columns.party_id)
        .outerjoin(appointment, appointment.c.visit_id == columns.id)
        .where(columns.arrival >= since, columns.arrival < before, columns.state.in_(_AT_THE_DOOR))
        .order_by(columns.arrival, columns.id)
        .limit(MOST_EXPECTED)
    )
    return [Expected(**row) for row in (await uow.execute(query)).mappings()]


async def add_form(uow: UnitOfWork, visit_id: UUID, form: ApplicantForm) -> None:
    """Keeps an applicant's form."""
    await uow.execute(insert(applicant_form).values(visit_id=visit_id, form=form.model_dump(mode="json")))


async def get_form(uow: UnitOfWork, visit_id: UUID) -> ApplicantForm | None:
    """An applicant's form."""
    query = select(applicant_form.c.form).where(applicant_form.c.visit_id == visit_id)
    content = (await uow.execute(query)).scalar_one_or_none()
    return None if content is None else ApplicantForm.model_validate(content)


async def erase_forms(uow: UnitOfWork, visit_ids: Collection[UUID]) -> None:
    """Throws the forms of these visits away."""
    await uow.execute(delete(applicant_form).where(applicant_form.c.visit_id.in_(visit_ids)))
