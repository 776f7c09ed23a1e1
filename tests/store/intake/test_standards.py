"""Standard sets as they live: copied, changed, published, retired; and what was published never changes."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from services.intake.standards import commands, store, using
from services.intake.standards.model import Cell, CellContent, Level, Place, Words
from services.intake.standards.shipped import shipped
from shared.kernel.errors import Refused
from shared.store.cause import Cause
from tests.store.intake.builders import DEPARTMENTS, STAFF, House
from tests.store.intake.setting_standards import (
    cell,
    confirmed,
    drafted,
    fresh,
    in_force,
    lines_of,
    lunch,
    published,
    write,
)
from tests.store.intake.visiting import refused

_CAR, _DINNER = Place("car", "B", None), Place("dinner", "C", None)


async def test_the_first_import_puts_the_shipped_sets_in_force_and_a_later_one_leaves_them(house: House) -> None:
    for code, one in shipped().items():
        stored = await in_force(house, code)
        assert (stored.edition, stored.outline) == (1, one.outline)
        assert await house.do(store.cells, stored.id) == one.cells
    draft = await drafted(house)
    await house.hire(DEPARTMENTS, STAFF)
    rows = await house.bench.rows("SELECT code, edition FROM standard_set ORDER BY code, edition")
    assert [tuple(row) for row in rows] == [("T1", 1), ("T1", 2), ("T2", 1), ("T3", 1)]
    assert (await fresh(house, draft)).state == "draft"


async def test_a_draft_is_a_copy_and_the_next_edition(house: House) -> None:
    """LV-01."""
    source = await in_force(house)
    draft = await drafted(house)
    assert (draft.code, draft.edition, draft.state, draft.copied_from) == ("T1", 2, "draft", source.id)
    assert await house.do(store.cells, draft.id) == await house.do(store.cells, source.id)
    other = await drafted(house, as_code="HQ")
    assert (other.code, other.edition) == ("HQ", 1)


async def test_one_draft_of_a_code_at_a_time_also_when_all_come_at_once(house: House) -> None:
    source = await in_force(house)

    async def one() -> str:
        try:
            await house.do(commands.draft, source.id, code="NEW", by=house.staff["gina"])
        except Refused as no:
            return no.code
        return "drafted"

    assert sorted(await asyncio.gather(*(one() for _ in range(5)))) == ["drafted", *["standard-draft-exists"] * 4]


async def test_a_published_draft_supersedes_and_the_edition_before_says_what_it_said(house: House) -> None:
    """LV-06."""
    before = await in_force(house)
    told = await lines_of(house, before.id)
    draft = await drafted(house)
    await write(house, draft, lunch("B", 70))
    done = await published(house, draft)
    assert (done.state, done.published_by) == ("published", str(house.staff["gina"]))
    assert (await in_force(house)).id == draft.id
    assert (await fresh(house, before)).state == "retired"
    assert await lines_of(house, before.id) == told
    now = (await lines_of(house, draft.id)).line("lunch")
    assert now is not None
    assert now.upper is not None
    assert now.upper.minor == 70_00


async def test_what_is_published_is_what_was_seen(house: House) -> None:
    draft = await drafted(house)
    await write(house, draft, lunch("B", 70))
    no = await refused(house, "standard-set-version", commands.publish, draft.id, version=1, by=house.staff["gina"])
    assert no.expected == "the present version, 2"


async def test_a_set_with_a_hole_is_not_published_and_every_hole_is_named(house: House) -> None:
    draft = await drafted(house)
    top = Level(code="D", rank=4, names=Words(zh="部长", en="Ministers"))
    outline = draft.outline.model_copy(update={"levels": (*draft.outline.levels, top)})
    changed = await house.do(commands.change_outline, draft.id, outline, version=1, by=house.staff["gina"])
    no = await refused(house, "standard-set-incomplete", commands.publish, draft.id, version=2, by=house.staff["gina"])
    assert no.expected is not None
    assert no.expected.startswith("14 more cells, at host/D, companions/D, car/D")
    await write(house, changed, *(cell(item.code, "D", kind="as-required") for item in outline.items))
    assert (await published(house, draft)).state == "published"


async def test_cells_whose_place_is_gone_go_with_it(house: House) -> None:
    draft = await drafted(house)
    fewer = draft.outline.model_copy(
        update={"levels": draft.outline.levels[1:], "items": draft.outline.items[1:], "proposals": ()}
    )
    await house.do(commands.change_outline, draft.id, fewer, version=1, by=house.staff["gina"])
    assert set(await house.do(store.cells, draft.id)) == set(fewer.places())


@pytest.mark.parametrize("place", [("lunch", "Z"), ("opera", "A")])
async def test_a_cell_without_a_place_is_refused_and_nothing_is_written(house: House, place: tuple[str, str]) -> None:
    draft = await drafted(house)
    wrong = cell(*place, kind="no-cap")
    no = await refused(
        house, "cell-unknown", commands.write_cells, draft.id, [lunch("A", 1), wrong], by=house.staff["gina"]
    )
    assert no.field == "$.cells[1]"
    assert (await house.do(store.cells, draft.id))[Place("lunch", "A", None)].upper == 30_00


async def test_an_unclear_cell_is_confirmed_once_by_one_of_its_readings(house: House) -> None:
    """LV-03: also in the set that is in force, as nothing can have been approved by the cell before."""
    one = await in_force(house)
    await confirmed(house, one, _DINNER, 1)
    now = (await house.do(store.cells, one.id))[_DINNER]
    assert (now.kind, now.confirmed_by) == ("not-offered", house.staff["gina"])
    assert [reading.kind for reading in now.readings] == ["no-cap", "not-offered"]
    by = house.staff["gina"]
    await refused(house, "cell-confirmed", commands.confirm, one.id, _DINNER, reading=0, by=by)
    no = await refused(house, "reading-unknown", commands.confirm, one.id, _CAR, reading=2, by=by)
    assert no.expected == "at most 1, counted from 0"
    await refused(house, "cell-unknown", commands.confirm, one.id, Place("x", "A", None), reading=0, by=by)


async def test_a_copy_knows_who_confirmed_and_a_new_content_is_nobody_s_confirmation(house: House) -> None:
    one = await in_force(house)
    await confirmed(house, one, _CAR)
    draft = await drafted(house)
    assert (await house.do(store.cells, draft.id))[_CAR].confirmed_by == house.staff["gina"]
    as_it_is = (await house.do(store.cells, draft.id))[_CAR].model_dump(exclude={"confirmed_by", "confirmed_at"})
    await write(house, draft, CellContent(**as_it_is))
    assert (await house.do(store.cells, draft.id))[_CAR].confirmed_by == house.staff["gina"]
    await write(house, draft, cell("car", "B", kind="not-offered"))
    written = (await house.do(store.cells, draft.id))[_CAR]
    assert (written.kind, written.confirmed_by, written.readings) == ("not-offered", None, ())


async def test_until_a_person_confirms_nothing_is_approved_by_the_cell(house: House) -> None:
    one = await in_force(house)
    before = await lines_of(house, one.id, "B")
    with pytest.raises(Refused) as no:
        before.require_confirmed()
    assert no.value.expected == "a person to confirm first: car/B"
    await confirmed(house, one, _CAR)
    (await lines_of(house, one.id, "B")).require_confirmed()


async def test_who_changed_what_from_what_to_what_is_kept(house: House) -> None:
    draft = await drafted(house)
    await write(house, draft, lunch("B", 70), lunch("A", 30))  # the second says what stood there
    await confirmed(house, draft, _CAR)
    await published(house, draft)
    rows = await house.bench.rows(
        "SELECT action, actor, detail FROM audit WHERE subject_id = :id ORDER BY id", id=str(draft.id)
    )
    actions, actors, (_, written, settled, _) = zip(*rows, strict=True)
    assert actions == ("draft", "write-cell", "confirm-cell", "publish")
    assert set(actors) == {str(house.staff["gina"])}
    assert written == {
        "cell": "lunch/B",
        "before": {"kind": "cap", "upper": 50_00, "basis": "person-meal"},
        "after": {"kind": "cap", "upper": 70_00, "basis": "person-meal"},
    }
    assert (settled["before"]["kind"], settled["after"]["kind"]) == ("needs-confirmation", "provided")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE standard_cell SET upper = 1 WHERE set_id = :id AND kind = 'cap'",
        "DELETE FROM standard_cell WHERE set_id = :id",
        "INSERT INTO standard_cell SELECT set_id, 'x', level, host_rank, kind, lower, upper, basis, note, readings, "
        "confirmed_by, confirmed_at FROM standard_cell WHERE set_id = :id LIMIT 1",
        "UPDATE standard_cell SET kind = 'no-cap' WHERE set_id = :id AND kind = 'needs-confirmation'",
        "UPDATE standard_set SET outline = '{}' WHERE id = :id",
        "UPDATE standard_set SET state = 'draft' WHERE id = :id",
        "DELETE FROM standard_set WHERE id = :id",
    ],
)
async def test_the_database_itself_keeps_what_was_published(house: House, statement: str) -> None:
    """LV-06."""
    one = await in_force(house)
    cells = await house.do(store.cells, one.id)
    with pytest.raises(DBAPIError, match=r"never changes|change only in a draft"):
        await house.bench.rows(statement, id=one.id)
    assert (await fresh(house, one), await house.do(store.cells, one.id)) == (one, cells)


async def test_what_the_state_forbids_is_refused(house: House) -> None:
    one, draft, by = await in_force(house), await drafted(house), house.staff["gina"]
    await refused(house, "standard-set-state", commands.write_cells, one.id, [lunch("A", 1)], by=by)
    await refused(house, "standard-set-state", commands.change_outline, one.id, one.outline, version=one.version, by=by)
    await refused(house, "standard-set-state", commands.discard, one.id, by=by)
    await refused(house, "standard-set-state", commands.retire, draft.id, by=by)
    await house.do(commands.discard, draft.id, by=by)
    for command, values in (
        (commands.publish, {"version": 2}),
        (commands.discard, {}),
        (commands.confirm, {"place": _CAR, "reading": 0}),
    ):
        await refused(house, "standard-set-state", command, draft.id, **values, by=by)
    assert (await drafted(house)).edition == 3  # the number of what was given up is not used again


async def test_a_department_goes_by_its_own_set_else_by_that_above_it_else_by_the_company_s(house: House) -> None:
    """LV-01."""
    departments = dict(await house.bench.rows("SELECT code, id FROM department"))
    by = house.staff["gina"]

    async def codes() -> list[str]:
        return [(await house.do(using.set_for, departments[code])).code for code in ("house", "sales")]

    assert await codes() == ["T1", "T1"]
    await house.do(using.use, departments["house"], "T2", by=by)
    assert await codes() == ["T2", "T2"]
    await house.do(using.use, departments["sales"], "T3", by=by)
    assert await codes() == ["T2", "T3"]
    await refused(house, "standard-set-used", commands.retire, (await in_force(house, "T3")).id, by=by)
    await drafted(house, as_code="NEXT")
    for code in ("T9", "NEXT"):
        await refused(house, "standard-set-missing", using.use, departments["sales"], code, by=by)
    await house.do(using.use, departments["sales"], None, by=by)
    assert await codes() == ["T2", "T2"]
    await house.do(commands.retire, (await in_force(house, "T3")).id, by=by)


async def test_without_a_set_in_force_a_department_hears_which_is_missing(house: House) -> None:
    (department,) = await house.bench.rows("SELECT id FROM department WHERE code = 'sales'")
    await house.do(commands.retire, (await in_force(house)).id, by=house.staff["gina"])
    no = await refused(house, "standard-set-missing", using.set_for, department)
    assert no.expected == "a published edition of T1"


async def test_a_set_of_fifty_levels_is_drafted_filled_published_and_read(house: House) -> None:
    """Tried at its limit: 50 levels, 3 ranks, 11 items, of which one depends on the rank: 650 cells."""
    draft = await drafted(house, "T3", as_code="BIG")
    levels = tuple(Level(code=f"L{n}", rank=n, names=Words(zh=f"{n} 级", en=f"Level {n}")) for n in range(1, 51))
    big = draft.outline.model_copy(update={"levels": levels, "proposals": ()})
    await house.do(commands.change_outline, draft.id, big, version=1, by=house.staff["gina"])
    places = big.places()
    assert len(places) == 50 * 10 + 50 * 3
    for start in range(0, len(places), 200):
        contents = [
            Cell(item=p.item, level=p.level, host_rank=p.host_rank, kind="cap", upper=int(p.level[1:]), basis="visit")
            for p in places[start : start + 200]
        ]
        await write(house, draft, *contents)
    await published(house, draft)
    found = await lines_of(house, draft.id, "L50", host_rank="director")
    assert (len(found.lines), found.total.minor) == (11, 11 * 50)


async def test_two_who_publish_at_once_leave_one_edition_in_force(house: House) -> None:
    draft = await drafted(house)
    by = house.staff["gina"]

    async def once() -> str:
        try:
            async with house.bench.database.transaction(Cause.of_person()) as uow:
                return (await commands.publish(uow, draft.id, version=draft.version, by=by)).state
        except Refused as no:
            return no.code

    assert sorted(await asyncio.gather(once(), once())) == ["published", "standard-set-state"]
    assert await house.bench.rows("SELECT edition FROM standard_set WHERE code = 'T1' AND state = 'published'") == [2]
