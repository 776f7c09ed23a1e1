"""What a department offers to be booked: set by who leads it."""

from __future__ import annotations

from dataclasses import replace

from services.intake.appointments import store
from services.intake.appointments.model import Offer
from services.intake.directory.departments import open_department
from services.intake.visits.requesting import host_of
from shared.security.rows import Rows
from shared.store.unit_of_work import UnitOfWork


async def set_offer(uow: UnitOfWork, wanted: Offer, *, rows: Rows) -> Offer:
    """The offer from now on, new or as it is to be; who has a place keeps it at its time.

    Raises Refused: `department-unknown`, `host-unknown` (422), `permission-missing` (403) for another's department.
    """
    await open_department(uow, wanted.department_id, "department_id")
    await host_of(uow, wanted.host_id)
    rows.check(wanted.department_id)
    before = await store.offer(uow, wanted.code, lock=True)
    if before is not None:
        rows.check(before.department_id)
    after = replace(wanted, version=1 if before is None else before.version + 1)
    await store.save_offer(uow, after)
    names = Offer.__dataclass_fields__
    fields = [name for name in names if before is None or getattr(before, name) != getattr(after, name)]
    uow.audit(rows.staff_id, "set-offer", "appointment-offer", after.code, fields=fields, version=after.version)
    return after
