"""Tables and queries of departments and staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Boolean, Column, Table, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.directory.model import Absence, Department, Member
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.store.unit_of_work import UnitOfWork

_ABSENCE = TypeAdapter(Absence)
_DIRECTORY = 4_001
"""The advisory lock of whoever changes the directory: any number that nobody else in this database uses."""

department = Table(
    "department",
    metadata,
    identifier("id", primary_key=True),
    words("code"),
    words("name"),
    identifier("parent_id", nullable=True),
    identifier("head_id", nullable=True),
    Column("active", Boolean, nullable=False),
    number("version"),
)
staff = Table(
    "staff",
    metadata,
    identifier("id", primary_key=True),
    words("email"),
    words("name"),
    words("phone", nullable=True),
    words("language"),
    words("zone"),
    identifier("department_id"),
    identifier("manager_id", nullable=True),
    identifier("substitute_id", nullable=True),
    document("roles"),
    number("weight"),
    document("areas"),
    document("absences"),
    Column("active", Boolean, nullable=False),
    Column("locked", Boolean, nullable=False),
    # Written and read by the build before this one only.
    instant("absent_from", nullable=True),
    instant("absent_until", nullable=True),
    number("version"),
)


_MEMBER = [staff.c[name] for name in Member.__dataclass_fields__]


async def lock_directory(uow: UnitOfWork) -> None:
    """One change of the directory at a time: two at once could close a circle that neither of them sees."""
    await uow.execute(select(func.pg_advisory_xact_lock(_DIRECTORY)))


async def all_departments(uow: UnitOfWork) -> list[Department]:
    """Every department, closed ones too, by code."""
    rows = await uow.execute(select(department).order_by(department.c.code))
    return [Department(**row) for row in rows.mappings()]


async def get_department(uow: UnitOfWork, department_id: UUID) -> Department | None:
    """A department by id."""
    found = await uow.execute(select(department).where(department.c.id == department_id))
    row = found.mappings().one_or_none()
    return None if row is None else Department(**row)


async def below(uow: UnitOfWork, department_id: UUID) -> frozenset[UUID]:
    """The department and all beneath it."""
    tree = select(department.c.id).where(department.c.id == department_id).cte("tree", recursive=True)
    tree = tree.union(select(department.c.id).where(department.c.parent_id == tree.c.id))
    return frozenset((await uow.execute(select(tree.c.id))).scalars())


async def is_in_use(uow: UnitOfWork, department_id: UUID) -> bool:
    """Whether an open department or somebody who works here belongs to it."""
    children = select(department.c.id).where(department.c.parent_id == department_id, department.c.active)
    people = select(staff.c.id).where(staff.c.department_id == department_id, staff.c.active)
    return bool((await uow.execute(select(or_(children.exists(), people.exists())))).scalar_one())


async def all_staff(uow: UnitOfWork) -> list[Member]:
    """Everybody, also who has left."""
    rows = await uow.execute(select(*_MEMBER).order_by(staff.c.id))
    return [_member(row) for row in rows.mappings()]


async def get_member(uow: UnitOfWork, staff_id: UUID, *, lock: bool = False) -> Member | None:
    """A member of staff by id."""
    query = select(*_MEMBER).where(staff.c.id == staff_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else _member(row)


async def by_email(uow: UnitOfWork, email: str) -> Member | None:
    """A member of staff by e-mail address in lower case."""
    row = (await uow.execute(select(*_MEMBER).where(staff.c.email == email))).mappings().one_or_none()
    return None if row is None else _member(row)


async def reachable(uow: UnitOfWork, staff_ids: Collection[UUID]) -> dict[UUID, Member]:
    """These people and everybody to whom managers and substitutes lead from them."""
    known: dict[UUID, Member] = {}
    asked: set[UUID] = set()
    wanted = set(staff_ids)
    while wanted:
        rows = await uow.execute(select(*_MEMBER).where(staff.c.id.in_(wanted)))
        found = [_member(row) for row in rows.mappings()]
        known.update((one.id, one) for one in found)
        asked |= wanted
        wanted = {id_ for one in found for id_ in one.names} - asked
    return known


async def by_id(
    uow: UnitOfWork,
    *,
    departments: Collection[UUID] | None,
    role: str | None,
    area: str | None,
    state: str | None,
    after: UUID | None,
    limit: int,
) -> list[Member]:
    """Members of staff by id, after the page that ended with `after`."""
    query = select(*_MEMBER).order_by(staff.c.id).limit(limit)
    if departments is not None:
        query = query.where(staff.c.department_id.in_(departments))
    if role is not None:
        query = query.where(staff.c.roles.contains([role]))
    if area is not None:
        query = query.where(staff.c.areas.contains([area]))
    if state is not None:
        query = query.where(staff.c.active == (state != "left"))
    if state in ("working", "locked"):
        query = query.where(staff.c.locked == (state == "locked"))
    if after is not None:
        query = query.where(staff.c.id > after)
    return [_member(row) for row in (await uow.execute(query)).mappings()]


async def save_department(uow: UnitOfWork, one: Department) -> None:
    """Writes a department, new or changed."""
    await uow.execute(save_row(department, asdict(one), "id"))


async def save_member(uow: UnitOfWork, one: Member) -> None:
    """Writes a member of staff, new or changed."""
    lists = {"roles": list(one.roles), "areas": list(one.areas), "absences": [_written(away) for away in one.absences]}
    await uow.execute(save_row(staff, asdict(one) | lists, "id"))


def _member(row: Any) -> Member:
    lists = {"roles": tuple(row["roles"]), "areas": tuple(row["areas"])}
    return Member(**{**row, **lists, "absences": tuple(_ABSENCE.validate_python(away) for away in row["absences"])})


def _written(away: Absence) -> dict[str, str]:
    """As JSON, in UTC."""
    values = {name: getattr(away, name) for name in ("id", "starts", "ends", "substitute_id")}
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
        for name, value in values.items()
        if value is not None
    }


def save_row(table: Table, values: dict[str, Any], key: str) -> Any:
    """Inserts a row, or writes it over the one with the same `key`."""
    changed = {name: value for name, value in values.items() if name != key}
    return upsert(table).values(**values).on_conflict_do_update(index_elements=[key], set_=changed)


async def names(uow: UnitOfWork, staff_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these members of staff are called."""
    rows = await uow.execute(select(staff.c.id, staff.c.name).where(staff.c.id.in_(staff_ids)))
    return {row.id: row.name for row in rows}


async def codes(uow: UnitOfWork, department_ids: Collection[UUID]) -> dict[UUID, str]:
    """The codes of these departments."""
    rows = await uow.execute(select(department.c.id, department.c.code).where(department.c.id.in_(department_ids)))
    return {row.id: row.code for row in rows}
