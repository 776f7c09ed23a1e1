"""Tables as the migrations make them: columns, defaults and unique indexes, read from their own SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot import exp

from tests.faults.simulation.postgres.errors import NotSimulated

Row = dict[str, Any]
Key = tuple[Any, ...]

ROW_ID = "ctid"
_CREATES = re.compile(r"(?:CREATE TABLE|CREATE UNIQUE INDEX|ALTER TABLE) [^;]*")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `kind` is PostgreSQL's type in lower case."""

    name: str
    kind: str
    nullable: bool
    identity: bool
    default: exp.Expression | None
    check: exp.Expression | None


@dataclass(slots=True)
class Unique:
    """A unique index, of the rows that meet `where` alone if there is one."""

    name: str
    columns: tuple[str, ...]
    where: exp.Expression | None = None
    covers: Callable[[Row], Any] | None = None

    def key(self, row: Row) -> Key | None:
        """The row's entry; None where it has none or holds a NULL, which collides with nothing."""
        if self.covers is not None and not self.covers(row):
            return None
        values = tuple([row[name] for name in self.columns])
        return None if None in values else values


@dataclass(slots=True)
class Shape:
    """What a table is like."""

    name: str
    columns: dict[str, Column]
    uniques: list[Unique] = field(default_factory=list)

    @property
    def identity(self) -> str | None:
        """The column that counts by itself."""
        return next((column.name for column in self.columns.values() if column.identity), None)


def read_ddl(sql: str) -> list[Shape]:
    """The tables that migrations make, with their unique indexes."""
    shapes: dict[str, Shape] = {}
    for statement in _CREATES.findall(re.sub(r"--[^\n]*", "", sql)):
        created = sqlglot.parse_one(statement, read="postgres")
        if isinstance(created, exp.Alter):
            for added in created.args["actions"]:
                shapes[created.this.name].columns[added.name] = _column(added)
            continue
        assert isinstance(created, exp.Create)
        if created.kind == "TABLE":
            shape = _table(created)
            shapes[shape.name] = shape
        else:
            index = created.this
            columns = tuple(each.this.name for each in index.args["params"].args["columns"])
            where = index.args["params"].args.get("where")
            unique = Unique(index.name, columns, where.this if where else None)
            shapes[index.args["table"].name].uniques.append(unique)
    return list(shapes.values())


def _table(created: exp.Create) -> Shape:
    name = created.this.this.name
    columns: dict[str, Column] = {}
    uniques: list[Unique] = []
    for part in created.this.expressions:
        if isinstance(part, exp.ColumnDef):
            kinds = {type(each.kind) for each in part.constraints}
            columns[part.name] = _column(part)
            identity = exp.GeneratedAsIdentityColumnConstraint in kinds
            if {exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint} & kinds and not identity:
                uniques.append(Unique(f"{name}_{part.name}", (part.name,)))
        elif isinstance(part, exp.PrimaryKey):
            uniques.append(Unique(f"{name}_pkey", tuple(each.name for each in part.expressions)))
        elif isinstance(part, exp.UniqueColumnConstraint):
            uniques.append(Unique(f"{name}_unique", tuple(each.name for each in part.this.expressions)))
        elif not isinstance(part, exp.ForeignKey | exp.Check | exp.Constraint):
            raise NotSimulated(f"{type(part).__name__} in table {name}")
    return Shape(name, columns, uniques)


def _column(part: exp.ColumnDef) -> Column:
    kinds = {type(each.kind): each.kind for each in part.constraints}
    default = kinds.get(exp.DefaultColumnConstraint)
    check = kinds.get(exp.CheckColumnConstraint)
    return Column(
        part.name,
        part.kind.sql("postgres").lower(),
        exp.NotNullColumnConstraint not in kinds and exp.PrimaryKeyColumnConstraint not in kinds,
        exp.GeneratedAsIdentityColumnConstraint in kinds,
        default.this if default else None,
        check.this if check else None,
    )
