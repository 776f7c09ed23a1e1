"""SELECT, and what every statement is: compiled once from its SQL, run on a transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from tests.faults.simulation.postgres.errors import NotSimulated
from tests.faults.simulation.postgres.expressions import NAMES, Writer, from_loops, is_aggregate
from tests.faults.simulation.postgres.schema import ROW_ID
from tests.faults.simulation.postgres.scope import Scope, Shapes, Source
from tests.faults.simulation.postgres.storage import Transaction

Parameters = dict[str, Any]


@dataclass(slots=True)
class Answer:
    """What a statement gave: column names (None where it gives no rows), rows, and how many it touched."""

    names: list[str] | None
    rows: list[tuple[Any, ...]]
    count: int


class Statement(ABC):
    """One statement, ready to run. `ordered` says whether the order of its rows means something."""

    ordered = False

    @abstractmethod
    async def run(self, tx: Transaction, p: Parameters) -> Answer:
        """Runs it, waiting for locks. Raises ServerSays."""


def function(arguments: str, source: str) -> Callable[..., Any]:
    """A function of Python source that a `Writer` wrote."""
    made: Callable[..., Any] = eval(f"lambda {arguments}: {source}", dict(NAMES))
    return made


def complete(shapes: Shapes) -> None:
    """Gives the partial unique indexes their conditions as functions."""
    for shape in shapes.values():
        for unique in shape.uniques:
            if unique.where is not None:
                scope = Scope(shapes, sources=[Source(shape.name, "r", list(shape.columns), shape)])
                unique.covers = function("r", Writer(scope).write(unique.where))


def names_of(expressions: Iterable[exp.Expression], scope: Scope, over: str | None = None) -> list[tuple[str, str]]:
    """(name, source) of each output column."""
    outputs: list[tuple[str, str]] = []
    for node in expressions:
        if isinstance(node, exp.Star):
            for source in scope.sources:
                outputs += [
                    (name, f"{source.variable}[{name!r}]")
                    for name in source.columns
                    if (source.alias, name) not in scope.hidden
                ]
            continue
        bare = node.this if isinstance(node, exp.Alias) else node
        name = node.alias_or_name or ("exists" if isinstance(bare, exp.Exists) else "?column?")
        outputs.append((name, Writer(scope, over=over).write(bare)))
    return outputs


def tuple_of(sources: Iterable[str]) -> str:
    """The source of a tuple."""
    return "(" + "".join(f"{source}, " for source in sources) + ")"


class Select(Statement):
    """SELECT … FROM … WHERE … ORDER BY … LIMIT … FOR UPDATE."""

    def __init__(self, node: exp.Select, shapes: Shapes) -> None:
        scope = Scope(shapes)
        loops = from_loops(scope, node)
        self.shuffles = any(source.shape is not None for source in scope.sources)
        locks = node.args.get("locks") or []
        where = node.args.get("where")
        test = Writer(scope).write(where.this) if where is not None else "True"
        group = node.args.get("group")
        one = group is None and is_aggregate(node)
        counted = [each for each in node.expressions if group and isinstance(each.unalias(), exp.Count)]
        grouped = [each.unalias() for each in node.expressions if each not in counted]
        if (counted and grouped != (group.expressions if group is not None else [])) or (group and not counted):
            raise NotSimulated(node.sql("postgres"))
        self.grouped = [name for name, _ in names_of(grouped, scope)] if group is not None else None
        if counted and node.expressions[-1] is not counted[0]:
            raise NotSimulated(node.sql("postgres"))
        self.counts = bool(counted)
        over = f"{loops} if {test}"
        outputs = names_of(grouped, scope) if counted else names_of(node.expressions, scope, over)
        self.names = [name for name, _ in outputs] + ([counted[0].alias or "count"] if counted else [])
        self._outputs = [source for _, source in outputs]
        keys, self._reversed = self._order(node, scope)
        self.ordered = bool(keys)
        self.distinct = node.args.get("distinct") is not None
        limit = node.args.get("limit")
        self.limit = function("tx, p", Writer(scope).write(limit.expression)) if limit is not None else None
        self.locks: str | None = None
        self.skips = False
        inner = f"({tuple_of(f'order({key})' for key in keys)}, {tuple_of(self._outputs)})"
        if locks:
            (lock,) = locks
            if not lock.args.get("update") or len(scope.sources) != 1 or scope.sources[0].shape is None:
                raise NotSimulated(node.sql("postgres"))
            source = scope.sources[0]
            self.locks = source.shape.name if source.shape else ""
            self.skips = lock.args.get("wait") is False
            inner = f"({tuple_of(f'order({key})' for key in keys)}, {source.variable})"
            self.matches = function(f"tx, p, {source.variable}", test)
            self.output = function(f"tx, p, {source.variable}", tuple_of(self._outputs))
        self.rows = function("tx, p", f"[{inner} {over}]" if loops and not one else f"[{inner}]")

    def _order(self, node: exp.Select, scope: Scope) -> tuple[list[str], list[bool]]:
        ordering = node.args.get("order")
        keys: list[str] = []
        reverse: list[bool] = []
        for each in ordering.expressions if ordering is not None else []:
            plain = each.this
            if isinstance(plain, exp.Literal) and not plain.is_string:
                keys.append(self._outputs[int(plain.this) - 1])
            else:
                keys.append(Writer(scope).write(plain))
            reverse.append(bool(each.args.get("desc")))
        return keys, reverse

    def _sorted(self, tx: Transaction, rows: list[Any]) -> list[Any]:
        if not self._reversed:
            # What has no order may come in any; arrays are unnested as they are.
            if len(rows) > 1 and self.shuffles:
                tx.storage.rng.shuffle(rows)
        elif not any(self._reversed):
            rows.sort(key=lambda row: row[0])
        else:
            for place in reversed(range(len(self._reversed))):
                rows.sort(key=lambda row: row[0][place], reverse=self._reversed[place])
        return [row[1] for row in rows]

    def values(self, tx: Transaction, p: Parameters) -> list[tuple[Any, ...]]:
        """The rows without locking."""
        rows = self._sorted(tx, self.rows(tx, p))
        if self.counts:
            return [(*group, number) for group, number in Counter(rows).items()]
        if self.distinct:
            rows = list(dict.fromkeys(rows))
        return rows if self.limit is None else rows[: self.limit(tx, p)]

    async def run(self, tx: Transaction, p: Parameters) -> Answer:
        """Runs it."""
        if self.locks is None:
            rows = self.values(tx, p)
            return Answer(self.names, rows, len(rows))
        table = tx.storage.tables[self.locks]
        limit = self.limit(tx, p) if self.limit is not None else None
        taken_rows: list[tuple[Any, ...]] = []
        for seen in self._sorted(tx, self.rows(tx, p)):
            if limit is not None and len(taken_rows) >= limit:
                break
            row = seen
            thing = (table.name, row[ROW_ID])
            if self.skips and not tx.is_free(thing):
                continue
            if await tx.lock(thing):
                row = tx.newest(table, row[ROW_ID])
                if row is None or not self.matches(tx, p, row):
                    continue
            taken_rows.append(self.output(tx, p, row))
        return Answer(self.names, taken_rows, len(taken_rows))
