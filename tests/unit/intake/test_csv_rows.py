"""Mistakes in the sheets are told by file, line and column, and never by what stands there."""

from __future__ import annotations

import pytest

from services.intake.directory.csv_rows import DEPARTMENT_COLUMNS, STAFF_COLUMNS, read_rows

_HEADING = "email,name,department,phone,roles,zone,weight,language,absent_from,absent_until,active\n"
_GOOD = "tom@example.com,Tom,sales,+8613900000001,agent liaison,Europe/Berlin,2,en,,,yes\n"


def _problems(text: str) -> list[str]:
    return [str(problem) for problem in read_rows("staff.csv", text, STAFF_COLUMNS, "email")[1]]


def test_a_good_row_is_read_with_its_defaults() -> None:
    rows, problems = read_rows(
        "staff.csv", "email,name,department\nTOM@Example.com,Tom,sales\n", STAFF_COLUMNS, "email"
    )
    assert problems == []
    assert rows[0].line == 2
    assert rows[0].values["email"] == "tom@example.com"
    assert rows[0].values["zone"] == "Asia/Shanghai"
    assert rows[0].values["active"] is True


def test_a_full_row_is_read() -> None:
    rows, problems = read_rows("staff.csv", "\ufeff" + _HEADING + _GOOD, STAFF_COLUMNS, "email")
    assert problems == []
    assert rows[0].values["roles"] == ("agent", "liaison")
    assert rows[0].values["weight"] == 2


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("email", "tom@example.com", "tom at example"),
        ("phone", "+8613900000001", "+99"),
        ("roles", "agent liaison", "emperor"),
        ("zone", "Europe/Berlin", "Mars/Olympus"),
        ("weight", ",2,", ",-1,"),
        ("language", ",en,", ",xx,"),
        ("active", "yes", "perhaps"),
    ],
)
def test_a_bad_cell_names_line_and_column_but_not_the_cell(column: str, good: str, bad: str) -> None:
    (problem,) = _problems(_HEADING + "\n" + _GOOD.replace(good, bad))
    assert problem.startswith(f"staff.csv line 3, column {column}: expected ")
    assert bad not in problem


@pytest.mark.parametrize("instant", ["2026-13-01T00:00Z", "2026-11-01T09:00", "tomorrow"])
def test_an_absence_needs_an_instant_with_its_offset(instant: str) -> None:
    (problem,) = _problems(_HEADING + _GOOD.replace(",,,yes", f",{instant},,yes"))
    assert "column absent_from" in problem


def test_an_empty_required_cell_a_repeated_key_and_a_short_row_are_told_together() -> None:
    text = "email,name,department\na@example.com,,sales\na@example.com,B,sales\nc@example.com\n"
    told = _problems(text)
    assert told[0] == "staff.csv line 2, column name: expected a value"
    assert told[1].startswith("staff.csv line 3, column email: expected a value that no earlier line has")
    assert told[2] == "staff.csv line 4, column department: expected 3 cells"


def test_a_line_is_where_the_row_begins_also_after_a_cell_of_two_lines() -> None:
    text = 'email,name,department\na@example.com,"A\nB",sales\nnobody,C,sales\n'
    assert _problems(text) == ["staff.csv line 4, column email: expected an e-mail address"]


def test_unknown_missing_and_repeated_columns_are_told_before_any_row() -> None:
    told = _problems("email,nick,email\n1,2,3\n")
    assert "staff.csv line 1, column name: expected this column, because it is required" in told
    assert any(problem.startswith("staff.csv line 1, column 2: expected each column once") for problem in told)
    assert any(problem.startswith("staff.csv line 1, column 3: expected each column once") for problem in told)


def test_an_open_quote_is_told() -> None:
    rows, problems = read_rows("departments.csv", 'code,name\na,"A\n', DEPARTMENT_COLUMNS, "code")
    assert rows == []
    assert "a quote is not closed" in str(problems[0])


def test_an_empty_file_lacks_its_columns() -> None:
    assert "column email" in _problems("")[0]
