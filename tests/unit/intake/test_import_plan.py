"""An import comes to what its sheets say, and says beforehand what that will be."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.intake.directory.circles import is_own_manager, leads_back, stands_in_for_self
from services.intake.directory.csv_rows import DEPARTMENT_COLUMNS, STAFF_COLUMNS, read_rows
from services.intake.directory.import_plan import Planned, plan
from services.intake.directory.model import Department, Member

_NOW = datetime(2026, 11, 24, tzinfo=UTC)
_CODES, _PEOPLE = ("a", "b", "c"), ("p@example.com", "q@example.com", "r@example.com")

_OPTIONAL = {"manager", "substitute", "roles", "areas", "absent_from", "active"}
"""Columns that a sheet of staff may leave out."""

_department = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["One", "Two"]),
        "parent": st.sampled_from(["", "", *_CODES]),
        "head": st.sampled_from(["", "", *_PEOPLE]),
        "active": st.sampled_from(["", "", "yes", "no"]),
    }
)
_person = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Ann", "安"]),
        "department": st.sampled_from(_CODES),
        "manager": st.sampled_from(["", "", *_PEOPLE]),
        "substitute": st.sampled_from(["", "", *_PEOPLE]),
        "roles": st.sampled_from(["", "agent", "agent liaison"]),
        "areas": st.sampled_from(["", "north", "north south"]),
        "absent_from": st.sampled_from(["", "2026-11-20T00:00Z", "2027-01-01T00:00+08:00"]),
        "active": st.sampled_from(["", "", "yes", "no"]),
    }
)
_sheets = st.tuples(
    st.dictionaries(st.sampled_from(_CODES), _department, max_size=3),
    st.dictionaries(st.sampled_from(_PEOPLE), _person, max_size=3),
    st.sets(st.sampled_from(sorted(_OPTIONAL))),
)
Sheets = tuple[dict[str, dict[str, str]], dict[str, dict[str, str]], set[str]]
_FIRST: Sheets = (
    {code: {"name": "One", "parent": "", "head": "", "active": ""} for code in _CODES},
    {who: {"name": "Ann", "department": code} for who, code in zip(_PEOPLE, _CODES, strict=True)},
    set(_OPTIONAL),
)
"""Everybody that the sheets of later days may name is there."""


def _csv(key: str, rows: dict[str, dict[str, str]], columns: list[str]) -> str:
    head = ",".join([key, *columns])
    return "\n".join([head, *(",".join([name, *(row[column] for column in columns)]) for name, row in rows.items())])


def _planned(
    sheets: Sheets, departments: list[Department], members: list[Member], ids: itertools.count[int]
) -> Planned:
    by_code, by_email, left_out = sheets
    staff_columns = ["name", "department", *sorted(_OPTIONAL - left_out)]
    first, wrong = read_rows(
        "departments.csv", _csv("code", by_code, ["name", "parent", "head", "active"]), DEPARTMENT_COLUMNS, "code"
    )
    second, more = read_rows("staff.csv", _csv("email", by_email, staff_columns), STAFF_COLUMNS, "email")
    assert wrong == more == []
    return plan(
        first,
        second,
        keys=by_code.keys() | by_email.keys(),
        departments=departments,
        members=members,
        new_id=lambda _kind: UUID(int=next(ids)),
        now=_NOW,
    )


@given(st.lists(_sheets, max_size=4))
def test_whatever_sheets_are_taken_the_directory_stays_sound_and_the_same_sheet_again_changes_nothing(
    days: list[Sheets],
) -> None:
    ids = itertools.count(1)
    departments: dict[UUID, Department] = {}
    members: dict[UUID, Member] = {}
    for sheets in (_FIRST, *days):
        planned = _planned(sheets, list(departments.values()), list(members.values()), ids)
        if planned.problems:
            continue
        departments |= {one.id: one for one in planned.departments}
        members |= {one.id: one for one in planned.members}
        again = _planned(sheets, list(departments.values()), list(members.values()), ids)
        assert again.problems == []
        assert {line.outcome for line in again.lines} <= {"unchanged"}
        assert again.changed_departments == again.changed_members == []
    parents = {id_: one.parent_id for id_, one in departments.items()}
    assert not [one for one in departments if leads_back(one, parents.get)]
    assert not [one for one in members if is_own_manager(one, members) or stands_in_for_self(one, members)]
    for one in members.values():
        assert not one.active or departments[one.department_id].active
