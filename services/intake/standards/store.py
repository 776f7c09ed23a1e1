"""Tables and queries of standard sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Table, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.standards.model import Cell, Outline, Place, StandardSet
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.store.pages import newest_first
from shared.store.unit_of_work import UnitOfWork

standard_set = Table(
    "standard_set",
    metadata,
    identifier("id", primary_key=True),
    words("code"),
    number("edition"),
    words("state"),
    document("outline"),
    identifier("copied_from", nullable=True),
    words("created_by"),
    instant("created_at"),
    words("published_by", nullable=True),
    instant("published_at", nullable=True),
    words("retired_by", nullable=True),
    instant("retired_at", nullable=True),
    number("version"),
)
standard_cell = Table(
    "standard_cell",
    metadata,
    identifier("set_id", primary_key=True),
    words("item", primary_key=True),
    words("level", primary_key=True),
    words("host_rank", primary_key=True),
    words("kind"),
    Column("lower", BigInteger),
    Column("upper", BigInteger),
    words("basis", nullable=True),
    document("note", nullable=True),
    document("readings"),
    identifier("confirmed_by", nullable=True),
    instant("confirmed_at", nullable=True),
)
standard_use = Table(
    "standard_use",
    metadata,
    identifier("department_id", primary_key=True),
    words("code"),
    identifier("set_by"),
    instant("set_at"),
)

_ANY_RANK = ""
"""Stands in the key where an item does not depend on the host's rank."""


async def add(uow: UnitOfWork, one: StandardSet) -> bool:
    """Stores a new set; False where its code has a draft, or this edition, already."""
    added = await uow.execute(
        upsert(standard_set).values(**_row(one)).on_conflict_do_nothing().returning(standard_set.c.id)
    )
    return added.first() is not None


async def get(uow: UnitOfWork, set_id: UUID, *, lock: bool = False) -> StandardSet | None:
    """A set by id."""
    query = select(standard_set).where(standard_set.c.id == set_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else _set(row)


async def lock_code(uow: UnitOfWork, code: str) -> list[StandardSet]:
    """Every edition of a code, locked: what is published, drafted or retired under it is decided by one at a time."""
    rows = await uow.execute(
        select(standard_set).where(standard_set.c.code == code).order_by(standard_set.c.id).with_for_update()
    )
    return [_set(row) for row in rows.mappings()]


async def in_force(uow: UnitOfWork, code: str) -> StandardSet | None:
    """The published edition of a code."""
    rows = await uow.execute(
        select(standard_set).where(standard_set.c.code == code, standard_set.c.state == "published")
    )
    row = rows.mappings().one_or_none()
    return None if row is None else _set(row)


async def save(uow: UnitOfWork, one: StandardSet) -> None:
    """Writes a changed set; a trigger keeps what was published."""
    await uow.execute(update(standard_set).where(standard_set.c.id == one.id).values(**_row(one)))


async def page(
    uow: UnitOfWork, *, code: str | None, state: str | None, before: UUID | None, limit: int
) -> list[StandardSet]:
    """Sets, the newest first, after the page that ended with `before`."""
    query = newest_first(select(standard_set), standard_set, "created_at", before=before, limit=limit)
    if code is not None:
        query = query.where(standard_set.c.code == code)
    if state is not None:
        query = query.where(standard_set.c.state == state)
    return [_set(row) for row in (await uow.execute(query)).mappings()]


async def known_codes(uow: UnitOfWork, codes: Collection[str]) -> set[str]:
    """Which of these codes have a set, in whatever state."""
    rows = await uow.execute(select(standard_set.c.code).where(standard_set.c.code.in_(codes)).distinct())
    return set(rows.scalars())


async def cells(uow: UnitOfWork, set_id: UUID, *, level: str | None = None) -> dict[Place, Cell]:
    """The cells of a set by their places, of one level or of all."""
    query = select(standard_cell).where(standard_cell.c.set_id == set_id)
    if level is not None:
        query = query.where(standard_cell.c.level == level)
    found = [_cell(row) for row in (await uow.execute(query)).mappings()]
    return {cell.place: cell for cell in found}


def add_cells(uow: UnitOfWork, set_id: UUID, new: Iterable[Cell]) -> None:
    """Stores the cells of a set that has none yet."""
    for cell in new:
        uow.insert(standard_cell, **_cell_row(set_id, cell))


async def write_cells(uow: UnitOfWork, set_id: UUID, changed: Iterable[Cell]) -> None:
    """Writes cells, new or changed."""
    rows = [_cell_row(set_id, cell) for cell in changed]
    if rows:
        statement = upsert(standard_cell)
        key = ("set_id", "item", "level", "host_rank")
        new = {column.name: statement.excluded[column.name] for column in standard_cell.c if column.name not in key}
        await uow.execute(statement.on_conflict_do_update(index_elements=key, set_=new), rows)


async def settle_cell(uow: UnitOfWork, set_id: UUID, cell: Cell) -> None:
    """Writes a cell that was unclear: the one change that a published set allows."""
    key = tuple_(standard_cell.c.set_id, standard_cell.c.item, standard_cell.c.level, standard_cell.c.host_rank)
    row = _cell_row(set_id, cell)
    here = key == (set_id, cell.item, cell.level, row["host_rank"])
    await uow.execute(update(standard_cell).where(here).values(**row))


async def copy_cells(uow: UnitOfWork, source: UUID, target: UUID) -> None:
    """The cells of `source` as those of `target`, with who confirmed them."""
    others = [column for column in standard_cell.c if column.name != "set_id"]
    rows = select(literal(target), *others).where(standard_cell.c.set_id == source)
    await uow.execute(insert(standard_cell).from_select(["set_id", *(column.name for column in others)], rows))


async def drop_cells(uow: UnitOfWork, set_id: UUID, places: Collection[Place]) -> None:
    """Takes cells away whose places the outline no longer has."""
    key = tuple_(standard_cell.c.item, standard_cell.c.level, standard_cell.c.host_rank)
    gone = [(place.item, place.level, place.host_rank or _ANY_RANK) for place in places]
    if gone:
        await uow.execute(delete(standard_cell).where(standard_cell.c.set_id == set_id, key.in_(gone)))


async def use(uow: UnitOfWork, department_id: UUID, code: str, *, by: UUID) -> None:
    """From now on this department's visits go by `code`."""
    values = {"department_id": department_id, "code": code, "set_by": by, "set_at": uow.now}
    changed = {name: value for name, value in values.items() if name != "department_id"}
    await uow.execute(
        upsert(standard_use).values(**values).on_conflict_do_update(index_elements=["department_id"], set_=changed)
    )


async def stop_using(uow: UnitOfWork, department_id: UUID) -> None:
    """From now on this department goes by what the one above it does."""
    await uow.execute(delete(standard_use).where(standard_use.c.department_id == department_id))


async def uses(uow: UnitOfWork, department_ids: Collection[UUID]) -> dict[UUID, str]:
    """Which of these departments have a code of their own, and which."""
    rows = await uow.execute(select(standard_use).where(standard_use.c.department_id.in_(department_ids)))
    return {row.department_id: row.code for row in rows}


async def users(uow: UnitOfWork, code: str) -> int:
    """How many departments go by `code`."""
    counted = await uow.execute(select(func.count()).select_from(standard_use).where(standard_use.c.code == code))
    return int(counted.scalar_one())


def _row(one: StandardSet) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in StandardSet.__dataclass_fields__}
    return plain | {"outline": one.outline.model_dump(mode="json")}


def _set(row: Any) -> StandardSet:
    return StandardSet(**{**row, "outline": Outline.model_validate(row["outline"])})


def _cell_row(set_id: UUID, cell: Cell) -> dict[str, Any]:
    plain = cell.model_dump(mode="json", exclude={"confirmed_by", "confirmed_at"})
    confirmed = {"confirmed_by": cell.confirmed_by, "confirmed_at": cell.confirmed_at}
    return plain | confirmed | {"set_id": set_id, "host_rank": cell.host_rank or _ANY_RANK}


def _cell(row: Any) -> Cell:
    values = {name: value for name, value in row.items() if name != "set_id"}
    return Cell.model_validate(values | {"host_rank": row["host_rank"] or None})
