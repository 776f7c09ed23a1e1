"""What goes from visits with the party whose they were: words and people; that it came, and what it cost, stays."""

from __future__ import annotations

from uuid import UUID

from services.intake.appointments import store as appointments
from services.intake.desk import store as desk
from services.intake.forms import store as forms
from services.intake.visits import store
from shared.store.unit_of_work import UnitOfWork


async def forget(uow: UnitOfWork, party_id: UUID) -> None:
    """Takes purposes, reasons plates, and everybody on the forms away."""
    visits = await store.erase_words(uow, party_id)
    await forms.erase(uow, visits)
    await desk.erase_forms(uow, visits)
    await appointments.erase(uow, visits)
