"""What is done with standard sets: drafted from a copy, filled, confirmed, published, retired (LV-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.intake.standards import store
from services.intake.standards.machine import COMPLETE, STANDARD_SET
from services.intake.standards.model import Cell, CellContent, Outline, Place, StandardSet, missing
from services.intake.standards.shipped import shipped
from shared.kernel.errors import NotFound, Refused
from shared.store.unit_of_work import UnitOfWork

_NAMED = 20
"""How many missing cells a refusal names."""


async def draft(uow: UnitOfWork, copy_of: UUID, *, code: str | None, by: UUID) -> StandardSet:
    """A new draft with the outline and the cells of a set: its next edition, or the first under another code.

    Raises NotFound, Refused(`standard-draft-exists`, 409).
    """
    source = await store.get(uow, copy_of)
    if source is None:
        raise NotFound("standard-set")
    code = code or source.code
    return await _draft(uow, code, source.outline, copied_from=source.id, by=str(by))


async def change_outline(uow: UnitOfWork, set_id: UUID, outline: Outline, *, version: int, by: UUID) -> StandardSet:
    """Other levels, ranks, items, names or rules; cells without a place go, new places wait for their cells.

    Raises NotFound, Refused: `standard-set-state`, `standard-set-version` (409).
    """
    one = await _locked(uow, set_id)
    row = STANDARD_SET.step(one.state, "edit")
    _check_version(one, version)
    cells = await store.cells(uow, set_id)
    places = set(outline.places())
    gone = [place for place in cells if place not in places]
    await store.drop_cells(uow, set_id, gone)
    before, after = one.outline.model_dump(mode="json"), outline.model_dump(mode="json")
    changed = [name for name in after if before[name] != after[name]]
    uow.audit(
        by,
        "change-outline",
        "standard-set",
        set_id,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        dropped=[str(place) for place in gone],
    )
    return await _save(uow, replace(one, outline=outline, state=row.target))


async def write_cells(uow: UnitOfWork, set_id: UUID, contents: Sequence[CellContent], *, by: UUID) -> StandardSet:
    """Writes cells of a draft; each that changes is audited, from what to what.

    Raises NotFound, Refused: `standard-set-state` (409), `cell-unknown` (422).
    """
    one = await _locked(uow, set_id)
    row = STANDARD_SET.step(one.state, "edit")
    places, before = set(one.outline.places()), await store.cells(uow, set_id)
    for number, content in enumerate(contents):
        if content.place not in places:
            raise Refused(
                "cell-unknown", status=422, field=f"$.cells[{number}]", expected="an item, level and rank of this set"
            )
    wanted = {content.place: Cell(**content.model_dump()) for content in contents}
    changed = {place: cell for place, cell in wanted.items() if not _same(cell, before.get(place))}
    await store.write_cells(uow, set_id, changed.values())
    for place, cell in changed.items():
        _audit_cell(uow, by, "write-cell", set_id, place, before.get(place), cell)
    return await _save(uow, replace(one, state=row.target))


async def confirm(uow: UnitOfWork, set_id: UUID, place: Place, *, reading: int, by: UUID) -> StandardSet:
    """A person settles an unclear cell by one of its readings, counted from 0. No approval can have rested on it.

    Raises NotFound, Refused: `standard-set-state`, `cell-confirmed` (409), `cell-unknown`, `reading-unknown` (422).
    """
    one = await _locked(uow, set_id)
    row = STANDARD_SET.step(one.state, "confirm")
    cell = (await store.cells(uow, set_id)).get(place)
    if cell is None:
        raise Refused("cell-unknown", status=422, field="item", expected="an item, level and rank of this set")
    if cell.kind != "needs-confirmation":
        raise Refused("cell-confirmed", field="item", expected="a cell that needs confirmation")
    if reading >= len(cell.readings):
        raise Refused(
            "reading-unknown", status=422, field="reading", expected=f"at most {len(cell.readings) - 1}, counted from 0"
        )
    settled = cell.confirmed(cell.readings[reading], by=by, at=uow.now)
    await store.settle_cell(uow, set_id, settled)
    _audit_cell(uow, by, "confirm-cell", set_id, place, cell, settled)
    return await _save(uow, replace(one, state=row.target))


async def publish(uow: UnitOfWork, set_id: UUID, *, version: int, by: UUID) -> StandardSet:
    """Puts a draft in force, as it was seen; the edition before it retires. Approved visits keep theirs (LV-06).

    Raises NotFound, Refused: `standard-set-state`, `standard-set-version`, `standard-set-incomplete` (409).
    """
    one = await _locked(uow, set_id)
    STANDARD_SET.step(one.state, "publish", (COMPLETE,))
    _check_version(one, version)
    return await _publish(uow, one, by=str(by))


async def retire(uow: UnitOfWork, set_id: UUID, *, by: UUID) -> StandardSet:
    """Takes a set out of force without a next edition; not while a department goes by its code.

    Raises NotFound, Refused: `standard-set-state`, `standard-set-used` (409).
    """
    one = await _locked(uow, set_id)
    row = STANDARD_SET.step(one.state, "retire")
    if using := await store.users(uow, one.code):
        raise Refused("standard-set-used", expected=f"no department that goes by it, not {using}")
    uow.audit(by, "retire", "standard-set", set_id)
    return await _save(uow, replace(one, state=row.target, retired_by=str(by), retired_at=uow.now))


async def discard(uow: UnitOfWork, set_id: UUID, *, by: UUID) -> StandardSet:
    """Gives a draft up; its edition's number is not used again. Raises NotFound, Refused(`standard-set-state`)."""
    one = await _locked(uow, set_id)
    row = STANDARD_SET.step(one.state, "discard")
    uow.audit(by, "discard", "standard-set", set_id)
    return await _save(uow, replace(one, state=row.target))


async def install_shipped(uow: UnitOfWork, *, by: str = "frontdesk") -> None:
    """Puts the shipped sets in force whose codes have no set yet; what a company has made of them stays."""
    there = await store.known_codes(uow, shipped())
    for one in shipped().values():
        if one.code not in there:
            drafted = await _draft(uow, one.code, one.outline, copied_from=None, by=by)
            store.add_cells(uow, drafted.id, one.cells.values())
            await _publish(uow, drafted, by=by)


async def _draft(uow: UnitOfWork, code: str, outline: Outline, *, copied_from: UUID | None, by: str) -> StandardSet:
    editions = await store.lock_code(uow, code)
    one = StandardSet(
        id=uow.new_id("standard-set"),
        code=code,
        edition=1 + max((each.edition for each in editions), default=0),
        state=STANDARD_SET.step("new", "draft").target,
        outline=outline,
        copied_from=copied_from,
        created_by=by,
        created_at=uow.now,
    )
    if not await store.add(uow, one):
        raise Refused("standard-draft-exists", field="code", expected="a code that nobody drafts at the moment")
    if copied_from is not None:
        await store.copy_cells(uow, copied_from, one.id)
    uow.audit(by, "draft", "standard-set", one.id, code=code, edition=one.edition, copied_from=str(copied_from or ""))
    return one


async def _publish(uow: UnitOfWork, one: StandardSet, *, by: str) -> StandardSet:
    row = STANDARD_SET.step(one.state, "publish", (COMPLETE,))
    if lacking := missing(one.outline, await store.cells(uow, one.id)):
        named = ", ".join([*map(str, lacking[:_NAMED]), *(["…"] if len(lacking) > _NAMED else [])])
        raise Refused("standard-set-incomplete", expected=f"{len(lacking)} more cells, at {named}")
    for other in await store.lock_code(uow, one.code):
        if other.state == "published":
            old = STANDARD_SET.step(other.state, "supersede").target
            uow.audit(by, "supersede", "standard-set", other.id, by_edition=one.edition)
            await _save(uow, replace(other, state=old, retired_by=by, retired_at=uow.now))
    uow.audit(by, "publish", "standard-set", one.id, code=one.code, edition=one.edition)
    return await _save(uow, replace(one, state=row.target, published_by=by, published_at=uow.now))


async def _save(uow: UnitOfWork, one: StandardSet) -> StandardSet:
    saved = replace(one, version=one.version + 1)
    await store.save(uow, saved)
    return saved


async def _locked(uow: UnitOfWork, set_id: UUID) -> StandardSet:
    """The set for a decision, its code's other editions locked before it in the order of their ids."""
    one = await store.get(uow, set_id)
    if one is None:
        raise NotFound("standard-set")
    return next(each for each in await store.lock_code(uow, one.code) if each.id == set_id)


def _check_version(one: StandardSet, version: int) -> None:
    if one.version != version:
        raise Refused("standard-set-version", field="version", expected=f"the present version, {one.version}")


def _same(cell: Cell, before: Cell | None) -> bool:
    return before is not None and cell == before.model_copy(update={"confirmed_by": None, "confirmed_at": None})


def _audit_cell(
    uow: UnitOfWork, by: UUID, action: str, set_id: UUID, place: Place, before: Cell | None, after: Cell
) -> None:
    uow.audit(
        by,
        action,
        "standard-set",
        set_id,
        cell=str(place),
        before=None if before is None else _said(before),
        after=_said(after),
    )


def _said(cell: Cell) -> dict[str, Any]:
    return cell.model_dump(mode="json", exclude_defaults=True, exclude={"item", "level", "host_rank", "confirmed_at"})
