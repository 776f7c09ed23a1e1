"""Departments and staff from CSV: all or nothing, and only what changed is told."""

from __future__ import annotations

import pytest

from services.intake.directory.csv_rows import ImportRefused
from services.intake.directory.operator import staff_import
from tests.store.intake.builders import DEPARTMENTS, STAFF, House, sheet


async def _counts(house: House) -> list[object]:
    return await house.bench.rows(
        "SELECT (SELECT count(*) FROM staff), (SELECT count(*) FROM account), (SELECT count(*) FROM outbox)"
    )


async def test_everybody_is_told_of_and_gets_an_account_and_a_key_signs(house: House) -> None:
    assert sorted(house.passwords) == ["amy", "gina", "hana", "rita", "sid", "tom"]
    assert all(len(word) >= 16 for word in house.passwords.values())
    assert await house.told("staff") == ["staff-changed"] * 6
    assert await house.told("departments") == ["department-changed"] * 2
    assert await house.told("signing-keys") == ["signing-key-published"]
    hashes = await house.bench.rows("SELECT password_hash FROM account")
    assert all(one.startswith("$argon2id$") for one in hashes)


async def test_the_same_sheets_again_tell_nothing_and_make_nothing(house: House) -> None:
    before = await _counts(house)
    imported = await house.hire(DEPARTMENTS, STAFF)
    assert (imported.departments, imported.staff, imported.passwords) == (0, 0, {})
    assert await _counts(house) == before


async def test_only_the_changed_row_is_told(house: House) -> None:
    await house.hire(DEPARTMENTS, STAFF.replace("Tom,", "Thomas,"))
    assert await house.told("staff") == ["staff-changed"] * 7
    changed = (await house.published("staff"))[-1]
    assert changed.model_dump()["name"] == "Thomas"
    assert changed.key_value == str(house.staff["tom"])
    assert await house.bench.rows("SELECT version FROM staff WHERE name = 'Thomas'") == [2]


async def test_one_bad_cell_and_nothing_is_imported(house: House) -> None:
    before = await _counts(house)
    bad = STAFF + "    new@example.com,New,nowhere,nobody@example.com,,agent,\n"
    with pytest.raises(ImportRefused) as refused:
        await house.hire(DEPARTMENTS, bad)
    told = str(refused.value)
    assert "staff.csv line 8, column department: expected the code of a department" in told
    assert "staff.csv line 8, column manager: expected the address of a member of staff" in told
    assert "nobody@example.com" not in told
    assert await _counts(house) == before


async def test_departments_in_a_circle_are_refused(house: House) -> None:
    circle = DEPARTMENTS.replace("house,The house,,", "house,The house,sales,")
    with pytest.raises(ImportRefused) as refused:
        await house.hire(circle, STAFF)
    assert "departments.csv line 2, column parent" in str(refused.value)


async def test_passwords_do_not_show_in_the_result(house: House) -> None:
    imported = await house.hire(DEPARTMENTS, STAFF + "    new@example.com,New,sales,,,agent,\n")
    (password,) = imported.passwords.values()
    assert password not in repr(imported)


async def test_a_dry_run_reports_every_line_and_changes_nothing(house: House) -> None:
    before = await _counts(house)
    sheets = sheet(DEPARTMENTS) + "north,North,sales,\n", sheet(STAFF).replace("Tom,sales", "Thomas,house")
    planned = await staff_import(house.bench.database, *sheets, dry_run=True)
    told = [
        (line.file, line.line, line.outcome, line.columns) for line in planned.report if line.outcome != "unchanged"
    ]
    assert told == [
        ("departments.csv", 4, "new", ()),
        ("staff.csv", 5, "changed", ("name", "department")),
    ]
    assert (len(planned.report), planned.departments, planned.staff) == (9, 1, 1)
    assert await _counts(house) == before
    done = await staff_import(house.bench.database, *sheets)
    assert done.report == planned.report


async def test_a_refused_import_still_reports_the_lines_that_would_do(house: House) -> None:
    bad = sheet(STAFF) + "new@example.com,New,nowhere,,,agent,\nodd@,Odd,sales,,,agent,\n"
    with pytest.raises(ImportRefused) as refused:
        await staff_import(house.bench.database, sheet(DEPARTMENTS), bad)
    outcomes = [(line.line, line.outcome) for line in refused.value.report if line.file == "staff.csv"]
    assert outcomes == [*((number, "unchanged") for number in range(2, 8)), (8, "refused"), (9, "refused")]
    assert [len(line.problems) for line in refused.value.report if line.outcome == "refused"] == [1, 1]


async def test_to_name_somebody_whose_own_line_is_refused_is_no_second_mistake(house: House) -> None:
    bad = sheet(STAFF) + "boss@example.com,Boss,sales,,,emperor,\nnew@example.com,New,sales,boss@example.com,,agent,\n"
    with pytest.raises(ImportRefused) as refused:
        await staff_import(house.bench.database, sheet(DEPARTMENTS), bad)
    assert [(each.line, each.column) for each in refused.value.problems] == [(8, "roles")]


async def test_what_a_sheet_has_no_column_for_stays_as_it_is(house: House) -> None:
    await house.hire("code,name\n", "email,name,department\ntom@example.com,Tom,sales\n")
    rows = await house.bench.rows("SELECT phone, roles, manager_id, version FROM staff WHERE name = 'Tom'")
    assert rows == [("+8613900000001", ["liaison"], house.staff["hana"], 1)]


async def test_an_absence_of_a_sheet_replaces_that_of_an_earlier_sheet(house: House) -> None:
    async def absences(cell: str) -> list[dict[str, str]]:
        head = "email,name,department,absent_from,absent_until\n"
        await house.hire("code,name\n", f"{head}tom@example.com,Tom,sales,{cell}\n")
        return list((await house.bench.rows("SELECT absences FROM staff WHERE name = 'Tom'"))[0])

    assert [one["starts"] for one in await absences("2090-01-01T08:00+08:00,")] == ["2090-01-01T00:00:00+00:00"]
    again = await absences("2090-02-01T08:00+08:00,2090-03-01T08:00+08:00")
    assert [(one["starts"][:7], one["ends"][:7]) for one in again] == [("2090-02", "2090-03")]
    assert await absences(",") == []


async def test_who_leaves_by_a_sheet_loses_the_password(house: House) -> None:
    await house.hire("code,name\n", "email,name,department,active\ntom@example.com,Tom,sales,no\n")
    tom = house.staff["tom"]
    assert await house.bench.rows("SELECT count(*) FROM account WHERE staff_id = :tom", tom=tom) == [0]
    back = await house.hire("code,name\n", "email,name,department,active\ntom@example.com,Tom,sales,yes\n")
    assert list(back.passwords) == ["tom@example.com"]


@pytest.mark.parametrize(
    ("sheets", "told"),
    [
        (
            ("", "gina@example.com,Gina,house,tom@example.com,,general-manager,"),
            "staff.csv line 2, column manager: expected somebody who does not lead back to the person",
        ),
        (
            ("", "sid@example.com,Sid,sales,hana@example.com,hana@example.com,supervisor,"),
            "staff.csv line 2, column substitute: expected somebody who does not lead back to the person",
        ),
        (
            ("sales,Sales,house,hana@example.com,no", "tom@example.com,Tom,sales,hana@example.com,,liaison,"),
            "departments.csv line 2, column active: expected yes, as people or open departments belong to it",
        ),
    ],
)
async def test_a_sheet_closes_no_circle_and_no_department_under_people(
    house: House, sheets: tuple[str, str], told: str
) -> None:
    head = "email,name,department,manager,substitute,roles,phone\n"
    with pytest.raises(ImportRefused) as refused:
        await house.hire(f"code,name,parent,head,active\n{sheets[0]}\n", f"{head}{sheets[1]}\n")
    assert told in str(refused.value)


async def test_nobody_is_put_into_a_closed_department(house: House) -> None:
    await house.hire("code,name,active\nold,Old,no\n", "email,name,department\n")
    with pytest.raises(ImportRefused) as refused:
        await house.hire("code,name\n", "email,name,department\nnew@example.com,New,old\n")
    assert str(refused.value) == "staff.csv line 2, column department: expected a department that is not closed"
