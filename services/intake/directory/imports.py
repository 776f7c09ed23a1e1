"""The import of departments and staff: all or nothing, and only what changed is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from services.intake.directory import signing, store
from services.intake.directory.csv_rows import (
    DEPARTMENT_COLUMNS,
    STAFF_COLUMNS,
    ImportRefused,
    Problem,
    Row,
    read_rows,
)
from services.intake.directory.model import Department, Member
from services.intake.settings import settings
from shared.security.passwords import hash_password, new_password
from shared.store.unit_of_work import UnitOfWork

DEPARTMENTS_FILE = "departments.csv"
STAFF_FILE = "staff.csv"

One = TypeVar("One", Department, Member)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed. `passwords` (e-mail → password) are told here once and kept nowhere."""

    departments: int
    staff: int
    passwords: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Imported(departments={self.departments}, staff={self.staff}, passwords={len(self.passwords)})"


async def import_staff(uow: UnitOfWork, departments_csv: str, staff_csv: str, *, by: str = "operator") -> Imported:
    """Brings the directory to what the two files say; who is in neither stays as is, `active = no` means left.

    Publishes staff-changed and department-changed for what differs, makes an account with a random password for
    everybody active who has none, and sees to it that there is a signing key. Raises ImportRefused with every mistake.
    """
    department_rows, problems = read_rows(DEPARTMENTS_FILE, departments_csv, DEPARTMENT_COLUMNS, "code")
    staff_rows, more = read_rows(STAFF_FILE, staff_csv, STAFF_COLUMNS, "email")
    problems += more
    if problems:
        raise ImportRefused(problems)
    departments = {one.code: one for one in await store.lock_departments(uow)}
    members = {one.email: one for one in await store.lock_staff(uow)}
    ids = _Ids(uow, departments, members, department_rows, staff_rows)
    wanted_departments = [_department(row, ids, departments) for row in department_rows]
    wanted_members = [_member(row, ids, members) for row in staff_rows]
    problems = [*ids.problems, *_circles(wanted_departments, departments, department_rows)]
    problems += _own_manager(wanted_members, staff_rows)
    if problems:
        raise ImportRefused(problems)

    changed_departments = [one for one in wanted_departments if one != departments.get(one.code)]
    changed_members = [one for one in wanted_members if one != members.get(one.email)]
    for department in changed_departments:
        await store.save_department(uow, department)
        uow.publish(department.event())
    for member in changed_members:
        await store.save_member(uow, member)
        uow.publish(member.event())
    passwords = await _open_accounts(uow, [one for one in wanted_members if one.active])
    await signing.ensure_key(uow, settings())
    uow.audit(
        by, "import-staff", "directory", "staff", departments=len(changed_departments), staff=len(changed_members)
    )
    return Imported(len(changed_departments), len(changed_members), passwords)


async def _open_accounts(uow: UnitOfWork, members: list[Member]) -> dict[str, str]:
    new = await store.without_account(uow, [one.id for one in members])
    passwords: dict[str, str] = {}
    for member in members:
        if member.id in new:
            password = new_password()
            # One statement after each hash: many hashes in a row would outlast the idle limit of a transaction.
            await store.save_account(uow, member.id, await hash_password(password))
            passwords[member.email] = password
    return passwords


class _Ids:
    """What codes and e-mail addresses in the files stand for: what is there already, or what the files bring."""

    def __init__(
        self,
        uow: UnitOfWork,
        departments: Mapping[str, Department],
        members: Mapping[str, Member],
        department_rows: Iterable[Row],
        staff_rows: Iterable[Row],
    ) -> None:
        self.problems: list[Problem] = []
        self._departments = {code: one.id for code, one in departments.items()}
        self._members = {email: one.id for email, one in members.items()}
        for row in department_rows:
            self._departments.setdefault(row.values["code"], uow.new_id("department"))
        for row in staff_rows:
            self._members.setdefault(row.values["email"], uow.new_id("staff"))

    def department(self, file: str, row: Row, column: str) -> UUID | None:
        return self._find(self._departments, file, row, column, "the code of a department")

    def member(self, file: str, row: Row, column: str) -> UUID | None:
        return self._find(self._members, file, row, column, "the e-mail address of a member of staff")

    def _find(self, known: Mapping[str, UUID], file: str, row: Row, column: str, expected: str) -> UUID | None:
        wanted = row.values[column]
        if wanted is not None and wanted not in known:
            self.problems.append(Problem(file, row.line, column, f"{expected}, in these files or known already"))
        return None if wanted is None else known.get(wanted)


def _department(row: Row, ids: _Ids, existing: Mapping[str, Department]) -> Department:
    own = ids.department(DEPARTMENTS_FILE, row, "code")
    assert own is not None
    wanted = Department(
        id=own,
        code=row.values["code"],
        name=row.values["name"],
        parent_id=ids.department(DEPARTMENTS_FILE, row, "parent"),
        head_id=ids.member(DEPARTMENTS_FILE, row, "head"),
    )
    return _versioned(wanted, existing.get(wanted.code))


def _member(row: Row, ids: _Ids, existing: Mapping[str, Member]) -> Member:
    own, department = ids.member(STAFF_FILE, row, "email"), ids.department(STAFF_FILE, row, "department")
    assert own is not None
    values = {name: value for name, value in row.values.items() if name not in {"department", "manager", "substitute"}}
    wanted = Member(
        id=own,
        # Where the code is unknown the import is refused anyway; the member is only made to look at the other rows too.
        department_id=department or own,
        manager_id=ids.member(STAFF_FILE, row, "manager"),
        substitute_id=ids.member(STAFF_FILE, row, "substitute"),
        **values,
    )
    if wanted.absent_from and wanted.absent_until and wanted.absent_until <= wanted.absent_from:
        ids.problems.append(Problem(STAFF_FILE, row.line, "absent_until", "an instant after absent_from"))
    if wanted.absent_until and not wanted.absent_from:
        ids.problems.append(Problem(STAFF_FILE, row.line, "absent_from", "an instant, as absent_until is given"))
    return _versioned(wanted, existing.get(wanted.email))


def _versioned(wanted: One, existing: One | None) -> One:
    """`wanted` under the existing version where nothing differs, else one higher."""
    if existing is None:
        return wanted
    same = replace(wanted, version=existing.version)
    return same if same == existing else replace(wanted, version=existing.version + 1)


def _own_manager(members: list[Member], rows: list[Row]) -> list[Problem]:
    return [
        Problem(STAFF_FILE, row.line, column, "somebody else than the person")
        for member, row in zip(members, rows, strict=True)
        for column, other in (("manager", member.manager_id), ("substitute", member.substitute_id))
        if other == member.id
    ]


def _circles(wanted: list[Department], existing: Mapping[str, Department], rows: list[Row]) -> list[Problem]:
    parents = {one.id: one.parent_id for one in existing.values()} | {one.id: one.parent_id for one in wanted}
    return [
        Problem(DEPARTMENTS_FILE, row.line, "parent", "a department that does not lie below this one")
        for one, row in zip(wanted, rows, strict=True)
        if _reaches_itself(one.id, parents.get)
    ]


def _reaches_itself(start: UUID, parent_of: Callable[[UUID], UUID | None]) -> bool:
    seen: set[UUID] = set()
    above = parent_of(start)
    while above is not None and above not in seen:
        if above == start:
            return True
        seen.add(above)
        above = parent_of(above)
    return False
