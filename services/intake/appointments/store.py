"""Tables and queries of appointments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Table, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.appointments.model import Appointment, Offer, Place
from services.intake.standards.model import Words
from services.intake.tables import document, identifier, instant, metadata, number, words
from shared.store.unit_of_work import UnitOfWork

appointment_offer = Table(
    "appointment_offer",
    metadata,
    words("code", primary_key=True),
    identifier("department_id"),
    identifier("host_id"),
    document("names"),
    number("minutes"),
    number("places"),
    number("days_ahead"),
    number("notice_minutes"),
    Column("asks_plate", Boolean, nullable=False),
    Column("closed", Boolean, nullable=False),
    number("version"),
)
appointment = Table(
    "appointment",
    metadata,
    identifier("visit_id", primary_key=True),
    words("offer_code"),
    instant("starts"),
    instant("ends"),
    number("place"),
    Column("held", Boolean, nullable=False),
    words("address_id"),
    identifier("form_id", nullable=True),
    words("plate", nullable=True),
)


async def offers(uow: UnitOfWork, *, closed: bool = False) -> list[Offer]:
    """What is offered, by code; on demand with what is not offered any more."""
    query = select(appointment_offer).order_by(appointment_offer.c.code)
    if not closed:
        query = query.where(~appointment_offer.c.closed)
    return [_offer(row) for row in (await uow.execute(query)).mappings()]


async def offer(uow: UnitOfWork, code: str, *, lock: bool = False) -> Offer | None:
    """An offer. Locked, nobody else takes a place of it meanwhile."""
    query = select(appointment_offer).where(appointment_offer.c.code == code)
    row = (await uow.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else _offer(row)


async def save_offer(uow: UnitOfWork, one: Offer) -> None:
    """Writes an offer."""
    values = asdict(one) | {"names": one.names.model_dump()}
    changed = {name: value for name, value in values.items() if name != "code"}
    await uow.execute(
        upsert(appointment_offer).values(**values).on_conflict_do_update(index_elements=["code"], set_=changed)
    )


async def offers_hosted(uow: UnitOfWork, host_id: UUID, limit: int) -> list[Offer]:
    """Offers whose guests are received by `host_id`, locked."""
    table = appointment_offer
    query = select(table).where(table.c.host_id == host_id).order_by(table.c.code).limit(limit).with_for_update()
    return [_offer(row) for row in (await uow.execute(query)).mappings()]


async def held(uow: UnitOfWork, code: str, since: datetime, until: datetime, *, but: UUID | None = None) -> list[Place]:
    """Places of an offer that somebody has at some moment from `since` to `until`, without those of the visit `but`."""
    table = appointment
    query = select(table.c.starts, table.c.ends, table.c.place).where(
        table.c.offer_code == code, table.c.held, table.c.starts < until, table.c.ends > since
    )
    if but is not None:
        query = query.where(table.c.visit_id != but)
    return [Place(**row) for row in (await uow.execute(query)).mappings()]


async def add(uow: UnitOfWork, one: Appointment, *, address_id: str, form_id: UUID | None) -> None:
    """Keeps a new appointment; `form_id` is that of the page it was asked for on."""
    await uow.execute(insert(appointment).values(**asdict(one), address_id=address_id, form_id=form_id))


async def get(uow: UnitOfWork, visit_id: UUID) -> Appointment | None:
    """The appointment that a visit is."""
    return await _one(uow, appointment.c.visit_id == visit_id)


async def of_form(uow: UnitOfWork, form_id: UUID) -> Appointment | None:
    """What was booked on that page."""
    return await _one(uow, appointment.c.form_id == form_id)


async def move(uow: UnitOfWork, visit_id: UUID, place: Place) -> None:
    """The visit has another place now."""
    await uow.execute(update(appointment).where(appointment.c.visit_id == visit_id).values(**asdict(place)))


async def release(uow: UnitOfWork, visit_id: UUID) -> None:
    """Gives the place back; nothing where the visit has none."""
    await uow.execute(update(appointment).where(appointment.c.visit_id == visit_id).values(held=False))


async def count_to_come(uow: UnitOfWork, address_id: str) -> int:
    """How many places in times to come an address has."""
    table = appointment
    query = select(func.count()).where(table.c.address_id == address_id, table.c.held, table.c.starts > uow.now)
    return int((await uow.execute(query)).scalar_one())


async def erase(uow: UnitOfWork, visit_ids: Collection[UUID]) -> None:
    """Forgets whose these appointments were, but not that a place is taken."""
    chosen = update(appointment).where(appointment.c.visit_id.in_(visit_ids))
    await uow.execute(chosen.values(plate=None, address_id="", form_id=None))


def _offer(row: Any) -> Offer:
    return Offer(**{**row, "names": Words.model_validate(row["names"])})


async def _one(uow: UnitOfWork, which: Any) -> Appointment | None:
    columns = [appointment.c[name] for name in Appointment.__dataclass_fields__]
    row = (await uow.execute(select(*columns).where(which))).mappings().one_or_none()
    return None if row is None else Appointment(**row)
