"""What visits ask of standards: which set holds for a department, and what it says for a stay."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from services.intake.settings import settings
from services.intake.standards import store
from services.intake.standards.lines import Lines, Stay, lines
from services.intake.standards.model import StandardSet
from shared.kernel.errors import NotFound, Refused
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork


async def set_for(uow: UnitOfWork, department_id: UUID) -> StandardSet:
    """The published set that a department goes by: its own, else that of the nearest above it, else the company's.

    Raises Refused(`standard-set-missing`, 409) where that code has no published edition.
    """
    code = await _code_for(uow, department_id)
    found = await store.in_force(uow, code)
    if found is None:
        raise Refused("standard-set-missing", expected=f"a published edition of {code}")
    return found


async def lines_for(
    uow: UnitOfWork,
    set_id: UUID,
    *,
    level: str,
    host_rank: str | None,
    stay: Stay,
    items: Collection[str] | None = None,
) -> Lines:
    """The lines of a stay under exactly this set. Raises NotFound, and Refused as `lines.lines` does."""
    one = await store.get(uow, set_id)
    if one is None:
        raise NotFound("standard-set")
    cells = await store.cells(uow, set_id, level=level)
    return lines(one, cells, level=level, host_rank=host_rank, stay=stay, items=items)


async def use(uow: UnitOfWork, department_id: UUID, code: str | None, *, by: UUID) -> None:
    """From now on a department goes by `code`; without one, by what the departments above it do.

    Visits that were judged keep their set. Raises NotFound, Refused(`standard-set-missing`, 409).
    """
    if await directory.department(uow, department_id) is None:
        raise NotFound("department")
    before = (await store.uses(uow, [department_id])).get(department_id)
    if code is None:
        await store.stop_using(uow, department_id)
    elif not any(each.state == "published" for each in await store.lock_code(uow, code)):
        # Under the lock, or the set might be retired in the same moment.
        raise Refused("standard-set-missing", field="code", expected="the code of a published set")
    else:
        await store.use(uow, department_id, code, by=by)
    uow.audit(by, "use-standard-set", "department", department_id, before=before, after=code)


async def _code_for(uow: UnitOfWork, department_id: UUID) -> str:
    above = [each.parent_id for each in await directory.path(uow, department_id) if each.parent_id is not None]
    path = [department_id, *above]
    chosen = await store.uses(uow, path)
    return next((chosen[each] for each in path if each in chosen), settings().standard_set)
