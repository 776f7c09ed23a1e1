"""Statements compiled once from their SQL and run on a transaction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from tests.faults.simulation.postgres.errors import CHECK, NOT_NULL, SECOND_TIME, UNIQUE, NotSimulated, ServerSays
from tests.faults.simulation.postgres.expressions import Writer, add_source
from tests.faults.simulation.postgres.schema import ROW_ID, Row, Unique
from tests.faults.simulation.postgres.scope import Returned, Scope, Shapes, Source
from tests.faults.simulation.postgres.select import Answer, Parameters, Select, Statement, function, names_of, tuple_of
from tests.faults.simulation.postgres.storage import Table, Transaction, new_row
from tests.faults.simulation.postgres.values import taken


def compile_statement(sql: str, shapes: Shapes) -> Statement:
    """Raises NotSimulated for what this PostgreSQL does not have."""
    node = sqlglot.parse_one(sql, read="postgres")
    if node.args.get("with_") is not None:
        return Together(node, shapes)
    for kind, statement in ((exp.Select, Select), (exp.Insert, Insert), (exp.Update, Update), (exp.Delete, Delete)):
        if isinstance(node, kind):
            return statement(node, shapes)
    raise NotSimulated(sql)


class _Change(Statement):
    """What INSERT, UPDATE and DELETE have in common: a table, and RETURNING."""

    def __init__(self, node: exp.Expression, table: exp.Table, shapes: Shapes) -> None:
        alias = table.args.get("alias")
        self.shape = shapes[table.name]
        self.target = Source(
            alias.name if alias is not None else table.name, "target", list(self.shape.columns), self.shape
        )
        self.scope = Scope(shapes, sources=[self.target])
        self.returning: Callable[..., Any] | None = None
        self.names: list[str] | None = None
        self.kinds = {name: column.kind for name, column in self.shape.columns.items()}
        self.needed = [name for name, column in self.shape.columns.items() if not column.nullable]
        scope = Scope(shapes, sources=[Source(self.shape.name, "r", list(self.shape.columns), self.shape)])
        self.checks = [
            function("r", Writer(scope).write(column.check))
            for column in self.shape.columns.values()
            if column.check is not None
        ]

    def _prepare_returning(self, node: exp.Expression, others: Sequence[Source]) -> None:
        returning = node.args.get("returning")
        if returning is not None:
            outputs = names_of(returning.expressions, self.scope)
            self.names = [name for name, _ in outputs]
            variables = ", ".join(["tx", "p", self.target.variable, *(source.variable for source in others)])
            self.returning = function(variables, tuple_of(source for _, source in outputs))

    def checked(self, row: Row) -> Row:
        """Raises ServerSays where the table does not take the row."""
        for name in self.needed:
            if row[name] is None:
                raise ServerSays(NOT_NULL, f"null value in column {name}")
        for check in self.checks:
            if check(row) is False:
                raise ServerSays(CHECK, "check constraint")
        return row


async def _collision(tx: Transaction, table: Table, row: Row, own: int | None) -> tuple[Unique, int] | None:
    """The unique index that a row collides in, and with which row; entries that are free are claimed.

    Waits for a transaction that has written either and has not ended.
    """
    for place, unique in enumerate(table.shape.uniques):
        key = unique.key(row)
        if key is None:
            continue
        claim = (unique.name, key)
        while True:
            holder = tx.storage.locks.get(claim)
            if holder is not None and holder is not tx:
                await tx.wait(holder)
                continue
            found = tx.find(table, place, unique, key)
            if found is None or found == own:
                break
            writer = tx.storage.locks.get((table.name, found))
            if writer is not None and writer is not tx and found in writer.changes.get(table, {}):
                await tx.wait(writer)
                continue
            return unique, found
        await tx.lock(claim)
    return None


class Insert(_Change):
    """INSERT … VALUES or SELECT … ON CONFLICT … RETURNING."""

    def __init__(self, node: exp.Insert, shapes: Shapes) -> None:
        into = node.this
        table = into.this if isinstance(into, exp.Schema) else into
        super().__init__(node, table, shapes)
        self.columns = [each.name for each in into.expressions] if isinstance(into, exp.Schema) else list(self.kinds)
        if isinstance(node.expression, exp.Values):
            nothing = Scope(shapes)
            rows = [
                tuple_of(Writer(nothing).write(each) for each in row.expressions) for row in node.expression.expressions
            ]
            self.rows = function("tx, p", f"[{', '.join(rows)}]")
        else:
            select = Select(node.expression, shapes)
            self.rows = select.values
        self.defaults = {
            name: function("tx, p", Writer(Scope(shapes)).write(_typed(column.default, column.kind)))
            for name, column in self.shape.columns.items()
            if column.default is not None and name not in self.columns
        }
        self.conflict = node.args.get("conflict")
        self.arbiter: tuple[str, ...] | None = None
        self.update = self.where = None
        if self.conflict is not None:
            keys = self.conflict.args.get("conflict_keys")
            self.arbiter = tuple(each.this.name for each in keys) if keys else None
            self._prepare_conflict(shapes)
        self._prepare_returning(node, [])

    def _prepare_conflict(self, shapes: Shapes) -> None:
        assert self.conflict is not None
        predicate = self.conflict.args.get("index_predicate")
        if self.arbiter is not None:
            fitting = [
                unique
                for unique in self.shape.uniques
                if set(unique.columns) == set(self.arbiter)
                and (unique.where is None or (predicate is not None and unique.where == predicate.this))
            ]
            if not fitting:
                raise ServerSays("42P10", "no unique constraint matching the ON CONFLICT specification")
            self.arbiters = {unique.name for unique in fitting}
        if self.conflict.args["action"].name != "DO UPDATE":
            return
        scope = Scope(shapes, sources=[self.target, Source("excluded", "excluded", list(self.kinds), self.shape)])
        settings = [
            f"{each.this.name!r}: {Writer(scope).write(_typed(each.expression, self.kinds[each.this.name]))}"
            for each in self.conflict.expressions
        ]
        self.update = function("tx, p, target, excluded", "{" + ", ".join(settings) + "}")
        where = self.conflict.args.get("where")
        if where is not None:
            self.where = function("tx, p, target, excluded", Writer(scope).write(where.this))

    async def run(self, tx: Transaction, p: Parameters) -> Answer:
        """Runs it."""
        table = tx.storage.tables[self.shape.name]
        touched: set[int] = set()
        outputs: list[tuple[Any, ...]] = []
        for given in self.rows(tx, p):
            row = await self._insert(tx, p, table, self._row(tx, p, table, given), touched)
            if row is not None:
                touched.add(row[ROW_ID])
                if self.returning is not None:
                    outputs.append(self.returning(tx, p, row))
        if len(outputs) > 1:
            tx.storage.rng.shuffle(outputs)
        return Answer(self.names, outputs, len(touched))

    def _row(self, tx: Transaction, p: Parameters, table: Table, given: Sequence[Any]) -> Row:
        row: dict[str, Any] = dict.fromkeys(self.kinds)
        for name, value in zip(self.columns, given, strict=True):
            row[name] = taken(self.kinds[name], value)
        for name, default in self.defaults.items():
            row[name] = default(tx, p)
        identity = self.shape.identity
        if identity is not None:
            if row[identity] is not None:
                raise ServerSays("428C9", "cannot insert a non-DEFAULT value into an identity column")
            row[identity] = next(table.identities)
        return self.checked(row)

    async def _insert(self, tx: Transaction, p: Parameters, table: Table, row: Row, touched: set[int]) -> Row | None:
        while True:
            collision = await _collision(tx, table, row, None)
            if collision is None:
                made = new_row(table, row)
                tx.write(table, made[ROW_ID], made)
                return made
            unique, found = collision
            if self.conflict is None or (self.arbiter is not None and unique.name not in self.arbiters):
                raise ServerSays(UNIQUE, f"duplicate key value violates {unique.name}")
            if self.update is None:
                return None
            if found in touched:
                raise ServerSays(SECOND_TIME, "ON CONFLICT DO UPDATE cannot affect row a second time")
            if await tx.lock((table.name, found)):
                continue
            old = tx.newest(table, found)
            if old is None:
                continue
            if self.where is not None and not self.where(tx, p, old, row):
                return None
            changes = {name: taken(self.kinds[name], v) for name, v in self.update(tx, p, old, row).items()}
            new = self.checked({**old, **changes})
            await _check_entries(tx, table, new)
            tx.write(table, found, new)
            return new


async def _check_entries(tx: Transaction, table: Table, row: Row) -> None:
    collision = await _collision(tx, table, row, row[ROW_ID])
    if collision is not None:
        raise ServerSays(UNIQUE, f"duplicate key value violates {collision[0].name}")


class Together(Statement):
    """WITH … AS (INSERT …), … SELECT …: all of it, or nothing."""

    def __init__(self, node: exp.Expression, shapes: Shapes) -> None:
        parts = node.args["with_"].expressions
        if not isinstance(node, exp.Select) or not all(isinstance(part.this, exp.Insert) for part in parts):
            raise NotSimulated(node.sql("postgres"))
        inserts = {part.alias: Insert(part.this, shapes) for part in parts}
        node.set("with_", None)
        read = {table.name for table in node.find_all(exp.Table)}
        # What nobody reads is done at the end.
        self.before = {name: insert for name, insert in inserts.items() if name in read}
        self.after = [insert for name, insert in inserts.items() if name not in read]
        self.select = Select(node, shapes | {name: Returned(each.names or ()) for name, each in inserts.items()})

    async def run(self, tx: Transaction, p: Parameters) -> Answer:
        """Runs it."""
        given: Parameters = dict(p)
        for name, insert in self.before.items():
            returned = await insert.run(tx, p)
            given[name] = [dict(zip(returned.names or (), row, strict=True)) for row in returned.rows]
        answer = await self.select.run(tx, given)
        for insert in self.after:
            await insert.run(tx, p)
        return answer


class _Existing(_Change):
    """UPDATE and DELETE: rows that are found, locked, and looked at again where that had to be waited for."""

    def __init__(self, node: exp.Expression, others: Sequence[exp.Expression], shapes: Shapes) -> None:
        super().__init__(node, node.this, shapes)
        loops = [f"for target in tx.scan({self.shape.name!r})"]
        loops += [add_source(self.scope, other) for other in others]
        self.others = self.scope.sources[1:]
        where = node.args.get("where")
        test = Writer(self.scope).write(where.this) if where is not None else "True"
        variables = ", ".join(source.variable for source in self.others)
        self.variables = f"tx, p, target{', ' if variables else ''}{variables}"
        self.found = function(
            "tx, p", f"[(target, {tuple_of(source.variable for source in self.others)}) {' '.join(loops)} if {test}]"
        )
        self.matches = function(self.variables, test)
        self._prepare_returning(node, self.others)

    @abstractmethod
    def changed(self, tx: Transaction, p: Parameters, row: Row, others: Sequence[Row]) -> Row | None:
        """The new version; None deletes."""

    async def run(self, tx: Transaction, p: Parameters) -> Answer:
        """Runs it."""
        table = tx.storage.tables[self.shape.name]
        found = {row[ROW_ID]: (row, others) for row, others in reversed(self.found(tx, p))}
        seen = list(found.values())
        if len(seen) > 1:
            tx.storage.rng.shuffle(seen)
        outputs: list[tuple[Any, ...]] = []
        count = 0
        for row, others in seen:
            current: Row | None = row
            if await tx.lock((table.name, row[ROW_ID])):
                current = tx.newest(table, row[ROW_ID])
            if current is None or (current is not row and not self.matches(tx, p, current, *others)):
                continue
            new = self.changed(tx, p, current, others)
            if new is not None:
                await _check_entries(tx, table, new)
            tx.write(table, row[ROW_ID], new)
            count += 1
            if self.returning is not None:
                outputs.append(self.returning(tx, p, new if new is not None else current, *others))
        return Answer(self.names, outputs, count)


class Update(_Existing):
    """UPDATE … SET … FROM … WHERE … RETURNING."""

    def __init__(self, node: exp.Update, shapes: Shapes) -> None:
        from_ = node.args.get("from_")
        super().__init__(node, [from_.this] if from_ is not None else [], shapes)
        settings = [
            f"{each.this.name!r}: {Writer(self.scope).write(_typed(each.expression, self.kinds[each.this.name]))}"
            for each in node.expressions
        ]
        self.settings = function(self.variables, "{" + ", ".join(settings) + "}")

    def changed(self, tx: Transaction, p: Parameters, row: Row, others: Sequence[Row]) -> Row | None:
        """The row with its new values."""
        new = {name: taken(self.kinds[name], v) for name, v in self.settings(tx, p, row, *others).items()}
        return self.checked({**row, **new})


class Delete(_Existing):
    """DELETE FROM … USING … WHERE … RETURNING."""

    def __init__(self, node: exp.Delete, shapes: Shapes) -> None:
        super().__init__(node, node.args.get("using") or [], shapes)

    def changed(self, tx: Transaction, p: Parameters, row: Row, others: Sequence[Row]) -> Row | None:
        """Nothing is left of it."""
        return None


def _typed(node: exp.Expression, kind: str) -> exp.Expression:
    """A string given to a JSON column is JSON."""
    if kind == "jsonb" and isinstance(node, exp.Literal) and node.is_string:
        return exp.cast(node, "jsonb")
    return node
