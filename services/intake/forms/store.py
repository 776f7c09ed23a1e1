"""Table and queries of forms: a row per revision."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.forms.model import Form
from services.intake.tables import document, identifier, metadata, number
from shared.store.unit_of_work import UnitOfWork

visit_form = Table(
    "visit_form",
    metadata,
    identifier("visit_id", primary_key=True),
    number("revision", primary_key=True),
    document("form"),
)


async def save(uow: UnitOfWork, visit_id: UUID, revision: int, form: Form) -> None:
    """Writes the form of a revision; the visit's lock covers it."""
    content = form.model_dump(mode="json", exclude_defaults=True)
    await uow.execute(
        upsert(visit_form)
        .values(visit_id=visit_id, revision=revision, form=content)
        .on_conflict_do_update(index_elements=["visit_id", "revision"], set_={"form": content})
    )


async def get(uow: UnitOfWork, visit_id: UUID, revision: int) -> Form | None:
    """The form of a revision; None where there is none, or none any more."""
    table = visit_form
    query = select(table.c.form).where(table.c.visit_id == visit_id, table.c.revision == revision)
    content = (await uow.execute(query)).scalar_one_or_none()
    return None if content is None else Form.model_validate(content)


async def erase(uow: UnitOfWork, visit_ids: Collection[UUID]) -> None:
    """Takes the people out of every form of these visits; what was agreed to stays."""
    table = visit_form
    rows = await uow.execute(select(table).where(table.c.visit_id.in_(visit_ids)))
    for visit_id, revision, content in rows.all():
        await save(uow, visit_id, revision, Form.model_validate(content).without_people)
