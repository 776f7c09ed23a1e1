"""Table and queries of cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import ARRAY, Sequence, Table, Uuid, any_, bindparam, func, select, update

from services.intake.cases.model import Case
from services.intake.tables import identifier, instant, metadata, number, words
from shared.store.pages import newest_first
from shared.store.unit_of_work import UnitOfWork

service_case = Table(
    "service_case",
    metadata,
    identifier("id", primary_key=True),
    words("number"),
    identifier("message_id"),
    identifier("party_id"),
    words("address_id", nullable=True),
    words("channel"),
    words("state"),
    identifier("handler_id", nullable=True),
    instant("opened_at"),
    instant("closed_at", nullable=True),
    identifier("closed_by", nullable=True),
    number("version"),
)
_FIELDS = tuple(Case.__dataclass_fields__)
_NUMBERS = select(Sequence("case_number", metadata=metadata).next_value()).select_from(
    func.generate_series(1, bindparam("count"))
)
_OPEN = (
    select(service_case.c.handler_id, func.count().label("open"))
    .where(
        service_case.c.state != "closed", service_case.c.handler_id == any_(bindparam("handlers", type_=ARRAY(Uuid)))
    )
    .group_by(service_case.c.handler_id)
)


async def next_numbers(uow: UnitOfWork, count: int) -> list[int]:
    """The next running numbers, in order; those that are rolled back are never used."""
    return sorted((await uow.execute(_NUMBERS, {"count": count})).scalars())


def add(uow: UnitOfWork, cases: Iterable[Case]) -> None:
    """Queues new cases."""
    for case in cases:
        uow.insert(service_case, **{name: getattr(case, name) for name in _FIELDS})


async def get(uow: UnitOfWork, case_id: UUID, *, lock: bool = False) -> Case | None:
    """A case by id."""
    query = select(service_case).where(service_case.c.id == case_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else Case(**row)


async def save(uow: UnitOfWork, case: Case) -> None:
    """Writes a changed case."""
    await uow.execute(update(service_case).where(service_case.c.id == case.id).values(**asdict(case)))


async def newest(uow: UnitOfWork, *, state: str | None, before: UUID | None, limit: int) -> list[Case]:
    """Cases by id, newest first, after the page that ended with `before`."""
    query = newest_first(select(service_case), service_case, "opened_at", before=before, limit=limit)
    if state is not None:
        query = query.where(service_case.c.state == state)
    return [Case(**row) for row in (await uow.execute(query)).mappings()]


async def open_per_handler(uow: UnitOfWork, handlers: Collection[UUID]) -> dict[UUID, int]:
    """How many open cases each of these has."""
    if not handlers:
        return {}
    counted = await uow.execute(_OPEN, {"handlers": list(handlers)})
    return {row.handler_id: row.open for row in counted}
