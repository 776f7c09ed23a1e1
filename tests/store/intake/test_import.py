"""Departments and staff from CSV: all or nothing, and only what changed is told."""

from __future__ import annotations

import pytest

from services.intake.directory.csv_rows import ImportRefused
from tests.store.intake.builders import DEPARTMENTS, STAFF, House


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
    assert "staff.csv line 8, column manager: expected the e-mail address of a member of staff" in told
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
