"""Departments and staff as CSV: every cell checked before anything is done, each complaint with file, line and column.

A complaint tells where and what was expected, never the cell itself: it may be somebody's number.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from services.intake.directory.model import ROLES
from shared.kernel.errors import Refused
from shared.web.fields import Email, Instant, Phone, Zone

Outcome = Literal["new", "changed", "unchanged", "refused"]

MAX_ROWS = 20_000
_SHOWN = 50
_AREA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One cell that cannot be taken. `line` counts from 1, the heading's."""

    file: str
    line: int
    column: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}, column {self.column}: expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one line: `columns` differ from what is there; a refused one has `problems`, which say it all."""

    file: str
    line: int
    outcome: Outcome
    columns: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class ImportRefused(Refused):
    """The files hold mistakes; nothing was imported. `report` tells of every line, also of those that would do."""

    def __init__(self, problems: Iterable[Problem], report: Sequence[Line] = ()) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
        self.report = tuple(report)
        told = [str(problem) for problem in self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            told.append(f"and {len(self.problems) - _SHOWN} more")
        super().__init__("import", status=422, field=self.problems[0].column, expected="\n".join(told))

    def __str__(self) -> str:
        return self.expected or self.code


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how a cell is read. `read` raises ValueError with what was expected; None is an empty cell."""

    read: Callable[[str], Any]
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was read: its line, its values by column, and which columns its sheet has."""

    line: int
    values: Mapping[str, Any]
    given: frozenset[str]

    def over(self, existing: Mapping[str, Any] | None) -> dict[str, Any]:
        """Its values; a column that the sheet does not have stays as it is in `existing`, if there is something."""
        if existing is None:
            return dict(self.values)
        return {name: self.values[name] if name in self.given else existing[name] for name in self.values}


class _Expected(ValueError):
    """A cell is not what was expected: said here."""


def _text(limit: int) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) > limit:
            raise _Expected(f"at most {limit} characters")
        return cell

    return read


def _shared(field: Any, expected: str) -> Callable[[str], Any]:
    """Reads a cell as HTTP reads the same kind of value."""
    adapter = TypeAdapter(field)

    def read(cell: str) -> Any:
        try:
            return adapter.validate_python(cell)
        except ValidationError:
            raise _Expected(expected) from None

    return read


def _roles(cell: str) -> tuple[str, ...]:
    roles = tuple(sorted(set(cell.replace(",", " ").replace(";", " ").split())))
    if not ROLES.issuperset(roles):
        raise _Expected(f"roles of {', '.join(sorted(ROLES))}, parted by spaces")
    return roles


def _areas(cell: str) -> tuple[str, ...]:
    areas = tuple(sorted(set(cell.replace(",", " ").replace(";", " ").split())))
    if len(areas) > 200 or any(not _AREA.fullmatch(area) for area in areas):
        raise _Expected("codes of areas, of letters, digits, dots and dashes, parted by spaces")
    return areas


def _weight(cell: str) -> int:
    if not cell.isdecimal() or len(cell) > 4:
        raise _Expected("a whole number from 0 to 9999")
    return int(cell)


def _yes_or_no(cell: str) -> bool:
    if cell.lower() not in {"yes", "no"}:
        raise _Expected("yes or no")
    return cell.lower() == "yes"


def _language(cell: str) -> str:
    if cell not in {"zh-CN", "en"}:
        raise _Expected("zh-CN or en")
    return cell


_INSTANT = _shared(Instant, "an instant with its offset, as 2026-11-23T09:00+08:00")
_EMAIL = _shared(Email, "an e-mail address")
_PHONE = _shared(Phone, "a phone number with its country, as +8613912345678")
_ZONE = _shared(Zone, "an IANA time zone, as Asia/Shanghai")

DEPARTMENT_COLUMNS = {
    "code": Column(_text(64), required=True),
    "name": Column(_text(200), required=True),
    "parent": Column(_text(64)),
    "head": Column(_EMAIL),
    "active": Column(_yes_or_no, default=True),
}
STAFF_COLUMNS = {
    "email": Column(_EMAIL, required=True),
    "name": Column(_text(200), required=True),
    "department": Column(_text(64), required=True),
    "phone": Column(_PHONE),
    "manager": Column(_EMAIL),
    "substitute": Column(_EMAIL),
    "roles": Column(_roles, default=()),
    "language": Column(_language, default="zh-CN"),
    "zone": Column(_ZONE, default="Asia/Shanghai"),
    "weight": Column(_weight, default=1),
    "areas": Column(_areas, default=()),
    "absent_from": Column(_INSTANT),
    "absent_until": Column(_INSTANT),
    "active": Column(_yes_or_no, default=True),
}


def read_rows(file: str, text: str, columns: Mapping[str, Column], key: str) -> tuple[list[Row], list[Problem]]:
    """The rows of one file and what is wrong with it; `key` names the column that may not repeat."""
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    seen: set[Any] = set()
    try:
        heading = [name.strip() for name in next(lines, [])]
        problems += _heading(file, heading, columns)
        if problems:
            return [], problems
        line = lines.line_num + 1
        for cells in lines:
            if any(cell.strip() for cell in cells):
                row, wrong = _row(file, line, heading, cells, columns)
                problems += wrong
                if row.values.get(key) in seen:
                    problems.append(Problem(file, line, key, "a value that no earlier line has"))
                seen.add(row.values.get(key))
                rows.append(row)
            if len(rows) > MAX_ROWS:
                return [], [Problem(file, line, key, f"at most {MAX_ROWS} rows in one file")]
            line = lines.line_num + 1
    except csv.Error:
        problems.append(Problem(file, lines.line_num, heading[0], "CSV as of RFC 4180: a quote is not closed"))
    return rows, problems


def _heading(file: str, heading: list[str], columns: Mapping[str, Column]) -> list[Problem]:
    problems = [
        Problem(file, 1, name, "this column, because it is required")
        for name, column in columns.items()
        if column.required and name not in heading
    ]
    allowed = ", ".join(columns)
    for place, name in enumerate(heading, start=1):
        if name not in columns or heading.index(name) != place - 1:
            problems.append(Problem(file, 1, str(place), f"each column once, of {allowed}"))
    return problems


def _row(
    file: str, line: int, heading: list[str], cells: list[str], columns: Mapping[str, Column]
) -> tuple[Row, list[Problem]]:
    problems: list[Problem] = []
    if len(cells) != len(heading):
        problems.append(Problem(file, line, heading[-1], f"{len(heading)} cells"))
    values: dict[str, Any] = {name: column.default for name, column in columns.items()}
    for name, cell in zip(heading, cells, strict=False):
        column = columns[name]
        if not cell.strip():
            if column.required:
                problems.append(Problem(file, line, name, "a value"))
            continue
        try:
            values[name] = column.read(cell.strip())
        except ValueError as wrong:
            problems.append(Problem(file, line, name, str(wrong)))
    return Row(line, values, frozenset(heading)), problems
