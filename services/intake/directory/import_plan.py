"""What an import would make of the directory: every row against what is there, without doing anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from services.intake.directory.circles import is_own_manager, leads_back, stands_in_for_self
from services.intake.directory.csv_rows import Line, Outcome, Problem, Row
from services.intake.directory.model import Absence, Department, Member
from shared.kernel.ids import derived_id

DEPARTMENTS_FILE = "departments.csv"
STAFF_FILE = "staff.csv"

One = TypeVar("One", Department, Member)

_COLUMN = {
    "parent_id": "parent",
    "head_id": "head",
    "department_id": "department",
    "manager_id": "manager",
    "substitute_id": "substitute",
    "absences": "absent_from",
}
"""Field → the column that it is read from, where they are called differently."""


@dataclass
class Planned:
    """The directory as the sheets want it, what differs, and what cannot be."""

    departments: list[Department] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    changed_departments: list[Department] = field(default_factory=list)
    changed_members: list[Member] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def plan(
    department_rows: Sequence[Row],
    staff_rows: Sequence[Row],
    *,
    keys: Collection[str],
    departments: Sequence[Department],
    members: Sequence[Member],
    new_id: Callable[[str], UUID],
    now: datetime,
) -> Planned:
    """Compares the rows with what is there. `keys` are the codes and addresses of all rows, refused ones too: to name
    one of these is no second mistake.
    """
    planned = Planned()
    by_code, by_email = {one.code: one for one in departments}, {one.email: one for one in members}
    ids = _Ids(planned.problems, by_code, by_email, department_rows, staff_rows, keys, new_id)
    for row in department_rows:
        before = by_code.get(row.values["code"])
        _enter(planned, DEPARTMENTS_FILE, row, before, _department(row, ids, before))
    for row in staff_rows:
        known = by_email.get(row.values["email"])
        _enter(planned, STAFF_FILE, row, known, _member(row, ids, known, now))
    people = {one.id: one for one in members} | {one.id: one for one in planned.members}
    every = {one.id: one for one in departments} | {one.id: one for one in planned.departments}
    _check_departments(planned, department_rows, every, people)
    _check_members(planned, staff_rows, every, people)
    return planned


def _enter(planned: Planned, file: str, row: Row, before: One | None, wanted: One) -> None:
    """Notes what becomes of one line; what is wanted gets the next version where it differs."""
    differing: tuple[str, ...] = ()
    if before is not None:
        fields = (name for name in wanted.__dataclass_fields__ if name != "version")
        differing = tuple(name for name in fields if getattr(before, name) != getattr(wanted, name))
        wanted = replace(wanted, version=before.version + bool(differing))
    outcome: Outcome = "new" if before is None else "changed" if differing else "unchanged"
    planned.lines.append(Line(file, row.line, outcome, tuple(_COLUMN.get(name, name) for name in differing)))
    if isinstance(wanted, Department):
        planned.departments.append(wanted)
        planned.changed_departments += [wanted] if outcome != "unchanged" else []
    else:
        planned.members.append(wanted)
        planned.changed_members += [wanted] if outcome != "unchanged" else []


class _Ids:
    """What codes and e-mail addresses in the files stand for: what is there already, or what the files bring."""

    def __init__(
        self,
        problems: list[Problem],
        departments: Mapping[str, Department],
        members: Mapping[str, Member],
        department_rows: Sequence[Row],
        staff_rows: Sequence[Row],
        keys: Collection[str],
        new_id: Callable[[str], UUID],
    ) -> None:
        self.problems, self._keys = problems, keys
        self._departments = {code: one.id for code, one in departments.items()}
        self._members = {email: one.id for email, one in members.items()}
        for row in department_rows:
            self._departments.setdefault(row.values["code"], new_id("department"))
        for row in staff_rows:
            self._members.setdefault(row.values["email"], new_id("staff"))

    def department(self, file: str, row: Row, column: str) -> UUID | None:
        return self._known(
            self._departments, file, row, column, "the code of a department, in these files or known already"
        )

    def member(self, file: str, row: Row, column: str) -> UUID | None:
        return self._known(
            self._members, file, row, column, "the address of a member of staff, in these files or known already"
        )

    def _known(self, known: Mapping[str, UUID], file: str, row: Row, column: str, expected: str) -> UUID | None:
        wanted = row.values[column]
        if wanted is not None and wanted not in known and wanted not in self._keys:
            self.problems.append(Problem(file, row.line, column, expected))
        return None if wanted is None else known.get(wanted)


def _department(row: Row, ids: _Ids, before: Department | None) -> Department:
    own = ids.department(DEPARTMENTS_FILE, row, "code")
    assert own is not None
    there = None if before is None else {**_values(before), "parent": before.parent_id, "head": before.head_id}
    named = {
        "parent": ids.department(DEPARTMENTS_FILE, row, "parent"),
        "head": ids.member(DEPARTMENTS_FILE, row, "head"),
    }
    values = replace(row, values={**row.values, **named}).over(there)
    return Department(
        id=own,
        code=values["code"],
        name=values["name"],
        parent_id=values["parent"],
        head_id=values["head"],
        active=values["active"],
    )


def _member(row: Row, ids: _Ids, before: Member | None, now: datetime) -> Member:
    own, department = ids.member(STAFF_FILE, row, "email"), ids.department(STAFF_FILE, row, "department")
    assert own is not None
    named = {
        # Where the code is unknown the import is refused anyway; the member is only made to look at the other rows too.
        "department": department or own,
        "manager": ids.member(STAFF_FILE, row, "manager"),
        "substitute": ids.member(STAFF_FILE, row, "substitute"),
    }
    there = None if before is None else _values(before)
    if there is not None:
        there |= {name: there[f"{name}_id"] for name in named} | {"absent_from": None, "absent_until": None}
    values = replace(row, values={**row.values, **named}).over(there)
    starts, ends = values.pop("absent_from"), values.pop("absent_until")
    if starts and ends and ends <= starts:
        ids.problems.append(Problem(STAFF_FILE, row.line, "absent_until", "an instant after absent_from"))
    if ends and not starts:
        ids.problems.append(Problem(STAFF_FILE, row.line, "absent_from", "an instant, as absent_until is given"))
    base = before or Member(id=own, email=values["email"], name=values["name"], department_id=values["department"])
    return replace(
        base,
        department_id=values.pop("department"),
        manager_id=values.pop("manager"),
        substitute_id=values.pop("substitute"),
        absences=_absences(row, base, starts, ends, now),
        locked=base.locked and values["active"],
        **values,
    )


def _absences(
    row: Row, base: Member, starts: datetime | None, ends: datetime | None, now: datetime
) -> tuple[Absence, ...]:
    """The recorded absences, and instead of an earlier sheet's the one of this sheet, if it has the columns."""
    if not {"absent_from", "absent_until"} & row.given:
        return base.absences
    own = derived_id("absence", base.id, "sheet")
    others = tuple(one for one in base.absences if one.id != own)
    if starts is None or (ends is not None and ends <= now):
        return others
    known = next((one.substitute_id for one in base.absences if one.id == own), None)
    return tuple(sorted((*others, Absence(own, starts, ends, known)), key=lambda one: one.starts))


def _check_departments(
    planned: Planned, rows: Sequence[Row], every: Mapping[UUID, Department], people: Mapping[UUID, Member]
) -> None:
    parents = {id_: one.parent_id for id_, one in every.items()}
    in_use = {one.department_id for one in people.values() if one.active}
    in_use |= {one.parent_id for one in every.values() if one.active and one.parent_id}
    for one, row in zip(planned.departments, rows, strict=True):
        if leads_back(one.id, parents.get):
            _complain(planned, DEPARTMENTS_FILE, row, "parent", "a department that does not lie below this one")
        above = every.get(one.parent_id) if one.parent_id else None
        if one.active and above is not None and not above.active:
            _complain(planned, DEPARTMENTS_FILE, row, "parent", "a department that is not closed")
        if not one.active and one.id in in_use:
            _complain(planned, DEPARTMENTS_FILE, row, "active", "yes, as people or open departments belong to it")


def _check_members(
    planned: Planned, rows: Sequence[Row], every: Mapping[UUID, Department], people: Mapping[UUID, Member]
) -> None:
    for one, row in zip(planned.members, rows, strict=True):
        department = every.get(one.department_id)
        if one.active and department is not None and not department.active:
            _complain(planned, STAFF_FILE, row, "department", "a department that is not closed")
        for column, other in (("manager", one.manager_id), ("substitute", one.substitute_id)):
            if other == one.id:
                _complain(planned, STAFF_FILE, row, column, "somebody else than the person")
        if one.id not in (one.manager_id, one.substitute_id):
            if is_own_manager(one.id, people):
                _complain(planned, STAFF_FILE, row, "manager", "somebody who does not lead back to the person")
            if stands_in_for_self(one.id, people):
                _complain(planned, STAFF_FILE, row, "substitute", "somebody who does not lead back to the person")


def _complain(planned: Planned, file: str, row: Row, column: str, expected: str) -> None:
    planned.problems.append(Problem(file, row.line, column, expected))


def _values(one: Department | Member) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}
