"""Tables and queries of approvals, and of which department takes which route."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.approvals.model import Approval, Step
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.store.unit_of_work import UnitOfWork

visit_approval = Table(
    "visit_approval",
    metadata,
    identifier("visit_id", primary_key=True),
    number("revision", primary_key=True),
    number("step", primary_key=True),
    words("route"),
    document("plan"),
    words("role"),
    identifier("approver_id"),
    identifier("acting_for", nullable=True),
    identifier("delegation_id", nullable=True),
    words("state"),
    document("snapshot"),
    words("digest", nullable=True),
    words("reason", nullable=True),
    instant("requested_at"),
    instant("decided_at", nullable=True),
    identifier("decided_by", nullable=True),
)
approval_route_use = Table(
    "approval_route_use",
    metadata,
    identifier("department_id", primary_key=True),
    words("route"),
    identifier("set_by"),
    instant("set_at"),
)


async def add(uow: UnitOfWork, approval: Approval) -> None:
    """Stores a step of an approval."""
    plan = [step.model_dump(exclude_defaults=True) for step in approval.plan]
    values = {name: getattr(approval, name) for name in Approval.__dataclass_fields__}
    await uow.execute(insert(visit_approval).values(**values | {"plan": plan}))


async def of_visit(uow: UnitOfWork, visit_id: UUID) -> list[Approval]:
    """Every approval of a visit, by revision and step."""
    table = visit_approval
    rows = await uow.execute(select(table).where(table.c.visit_id == visit_id).order_by(table.c.revision, table.c.step))
    return [_approval(row) for row in rows.mappings()]


async def of_revision(uow: UnitOfWork, visit_id: UUID, revision: int) -> list[Approval]:
    """The steps of one revision so far, the last of which may wait; the visit's lock covers them."""
    table = visit_approval
    query = select(table).where(table.c.visit_id == visit_id, table.c.revision == revision)
    rows = await uow.execute(query.order_by(table.c.step))
    return [_approval(row) for row in rows.mappings()]


async def waiting(uow: UnitOfWork, visit_id: UUID, revision: int) -> Approval | None:
    """The step of a revision that waits; the visit's lock covers it."""
    steps = await of_revision(uow, visit_id, revision)
    return steps[-1] if steps and steps[-1].state == "waiting" else None


async def change(uow: UnitOfWork, approval: Approval, **changes: Any) -> None:
    """Writes a decision, or whom it waits for; a trigger keeps a decided one and its snapshot for ever after."""
    table = visit_approval
    key = tuple_(table.c.visit_id, table.c.revision, table.c.step)
    await uow.execute(
        update(table).where(key == (approval.visit_id, approval.revision, approval.step)).values(**changes)
    )


async def waiting_for(uow: UnitOfWork, approver_id: UUID, *, limit: int) -> list[Approval]:
    """What waits for somebody, the oldest first. Nothing is locked: the visit is, by whoever changes it."""
    table = visit_approval
    rows = await uow.execute(
        select(table)
        .where(table.c.approver_id == approver_id, table.c.state == "waiting")
        .order_by(table.c.requested_at, table.c.visit_id)
        .limit(limit)
    )
    return [_approval(row) for row in rows.mappings()]


async def routes_used(uow: UnitOfWork, departments: Collection[UUID]) -> dict[UUID, str]:
    """Department → the route that it has chosen itself."""
    table = approval_route_use
    rows = await uow.execute(select(table.c.department_id, table.c.route).where(table.c.department_id.in_(departments)))
    return {row.department_id: row.route for row in rows}


async def use_route(uow: UnitOfWork, department_id: UUID, route: str | None, *, by: UUID) -> None:
    """A department takes this route from now on; None: the one of the departments above it."""
    table = approval_route_use
    if route is None:
        await uow.execute(delete(table).where(table.c.department_id == department_id))
        return
    values = {"route": route, "set_by": by, "set_at": uow.now}
    await uow.execute(
        upsert(table)
        .values(department_id=department_id, **values)
        .on_conflict_do_update(index_elements=["department_id"], set_=values)
    )


def _approval(row: Any) -> Approval:
    return Approval(**{**row, "plan": tuple(map(Step.model_validate, row["plan"]))})
