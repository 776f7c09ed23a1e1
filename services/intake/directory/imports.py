"""The import of departments and staff: all or nothing, a report of every line, and only what changed is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.intake.directory import account_store, signing, store
from services.intake.directory.csv_rows import (
    DEPARTMENT_COLUMNS,
    STAFF_COLUMNS,
    ImportRefused,
    Line,
    Problem,
    Row,
    read_rows,
)
from services.intake.directory.import_plan import DEPARTMENTS_FILE, STAFF_FILE, Planned, plan
from services.intake.directory.model import Member
from services.intake.settings import settings
from shared.security.passwords import hash_password, new_password
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, or would change. `passwords` (e-mail → password) are told here once and kept nowhere."""

    departments: int
    staff: int
    passwords: Mapping[str, str]
    report: tuple[Line, ...] = field(default=(), repr=False)
    new_accounts: int = 0

    def __repr__(self) -> str:
        return f"Imported(departments={self.departments}, staff={self.staff}, passwords={len(self.passwords)})"


async def import_staff(
    uow: UnitOfWork, departments_csv: str, staff_csv: str, *, by: str = "operator", dry_run: bool = False
) -> Imported:
    """Brings the directory to what the two files say; who is in neither stays as is, and so does what a file has no
    column for. `active = no` means left, or closed.

    Publishes staff-changed and department-changed for what differs, makes an account with a random password for
    everybody active who has none, and sees to it that there is a signing key. A dry run changes nothing, and reports
    the same lines. Raises ImportRefused with every mistake.
    """
    department_rows, problems = read_rows(DEPARTMENTS_FILE, departments_csv, DEPARTMENT_COLUMNS, "code")
    staff_rows, more = read_rows(STAFF_FILE, staff_csv, STAFF_COLUMNS, "email")
    await store.lock_directory(uow)
    planned = plan(
        _sound(department_rows, problems),
        _sound(staff_rows, more),
        keys={row.values["code"] for row in department_rows} | {row.values["email"] for row in staff_rows},
        departments=await store.all_departments(uow),
        members=await store.all_staff(uow),
        new_id=uow.new_id,
        now=uow.now,
    )
    problems = [*problems, *more, *planned.problems]
    report = _report(planned, problems)
    if problems:
        raise ImportRefused(problems, report)
    working = [one for one in planned.members if one.active]
    without = await account_store.without_account(uow, [one.id for one in working])
    new = [one for one in working if one.id in without]
    if dry_run:
        return Imported(len(planned.changed_departments), len(planned.changed_members), {}, report, len(new))
    await _write(uow, planned)
    passwords = await _open_accounts(uow, new)
    await signing.ensure_key(uow, settings())
    counts = {"departments": len(planned.changed_departments), "staff": len(planned.changed_members)}
    uow.audit(by, "import-staff", "directory", "staff", **counts)
    return Imported(**counts, passwords=passwords, report=report, new_accounts=len(new))


async def _write(uow: UnitOfWork, planned: Planned) -> None:
    for department in planned.changed_departments:
        await store.save_department(uow, department)
        uow.publish(department.event())
    for member in planned.changed_members:
        await store.save_member(uow, member)
        uow.publish(member.event())
        if not member.active:
            await account_store.close_account(uow, member.id)


async def _open_accounts(uow: UnitOfWork, members: Sequence[Member]) -> dict[str, str]:
    passwords: dict[str, str] = {}
    for member in members:
        password = new_password()
        # One statement after each hash: many hashes in a row would outlast the idle limit of a transaction.
        await account_store.save_account(uow, member.id, await hash_password(password))
        passwords[member.email] = password
    return passwords


def _sound(rows: Sequence[Row], problems: Sequence[Problem]) -> list[Row]:
    """The rows whose cells can all be taken; the others would only be complained about twice."""
    wrong = {problem.line for problem in problems}
    return [row for row in rows if row.line not in wrong]


def _report(planned: Planned, problems: Sequence[Problem]) -> tuple[Line, ...]:
    wrong: dict[tuple[str, int], list[Problem]] = {}
    for problem in problems:
        wrong.setdefault((problem.file, problem.line), []).append(problem)
    sound = [line for line in planned.lines if (line.file, line.line) not in wrong]
    refused = [Line(file, line, "refused", problems=tuple(told)) for (file, line), told in wrong.items()]
    return tuple(sorted((*sound, *refused), key=lambda line: (line.file, line.line)))
