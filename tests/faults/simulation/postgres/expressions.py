"""SQL expressions as Python source, by the syntax tree that sqlglot gives. What is not known is refused loudly."""

from __future__ import annotations

import json
from typing import Any

from sqlglot import exp

from tests.faults.simulation.postgres import values
from tests.faults.simulation.postgres.errors import NotSimulated
from tests.faults.simulation.postgres.scope import Returned, Scope, Source

NAMES: dict[str, Any] = {
    name: getattr(values, name)
    for name in [
        "eq",
        "ne",
        "lt",
        "le",
        "add",
        "sub",
        "div",
        "not_",
        "and_",
        "or_",
        "is_in",
        "contains",
        "json_text",
        "unnest",
        "order",
        "interval",
        "stored_json",
        "coalesce",
        "seconds",
        "NULLS",
    ]
}

_COMPARES = {exp.EQ: ("eq", "=="), exp.NEQ: ("ne", "!="), exp.LT: ("lt", "<"), exp.LTE: ("le", "<=")}


class Writer:
    """Writes Python for one statement. `select` is what writes subqueries."""

    def __init__(self, scope: Scope, strict: bool = False, over: str | None = None) -> None:
        self.scope = scope
        self.over = over
        """What aggregates run over: the loops of FROM and the condition of WHERE."""
        self.strict = strict
        """Whether NULL must be told from false: only under NOT."""

    def write(self, node: exp.Expression) -> str:
        """The expression as Python source over `tx`, `p` and the rows' variables."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise NotSimulated(f"{type(node).__name__}: {node.sql('postgres')}")
        return str(method(node))

    def _column(self, node: exp.Column) -> str:
        source, name = self.scope.column(node.name, node.table or None)
        return f"{source.variable}[{name!r}]"

    def _identifier(self, node: exp.Identifier) -> str:
        source, name = self.scope.column(node.name, None)
        return f"{source.variable}[{name!r}]"

    def _placeholder(self, node: exp.Placeholder) -> str:
        name = node.this if isinstance(node.this, str) else node.this.name
        return f"p[{name!r}]"

    def _literal(self, node: exp.Literal) -> str:
        return repr(node.this) if node.is_string else node.this

    def _boolean(self, node: exp.Boolean) -> str:
        return repr(bool(node.this))

    def _null(self, _node: exp.Null) -> str:
        return "None"

    def _paren(self, node: exp.Paren) -> str:
        return f"({self.write(node.this)})"

    def _currenttimestamp(self, _node: exp.CurrentTimestamp) -> str:
        return "tx.now"

    def _cast(self, node: exp.Cast) -> str:
        if node.to.is_type("jsonb") and isinstance(node.this, exp.Literal):
            return repr(json.loads(node.this.this))
        return self.write(node.this)

    def _and(self, node: exp.And) -> str:
        if self.strict:
            return f"and_({self.write(node.this)}, {self.write(node.expression)})"
        return f"({self.write(node.this)} and {self.write(node.expression)})"

    def _or(self, node: exp.Or) -> str:
        if self.strict:
            return f"or_({self.write(node.this)}, {self.write(node.expression)})"
        return f"({self.write(node.this)} or {self.write(node.expression)})"

    def _not(self, node: exp.Not) -> str:
        return f"not_({Writer(self.scope, strict=True, over=self.over).write(node.this)})"

    def _is(self, node: exp.Is) -> str:
        if not isinstance(node.expression, exp.Null):
            raise NotSimulated(node.sql("postgres"))
        return f"({self.write(node.this)} is {'not ' if node.args.get('negate') else ''}None)"

    def _eq(self, node: exp.EQ) -> str:
        if isinstance(node.expression, exp.Any):
            return f"is_in({self.write(node.this)}, {self.write(node.expression.this)})"
        return self._compare(node)

    def _neq(self, node: exp.NEQ) -> str:
        return self._compare(node)

    def _lt(self, node: exp.LT) -> str:
        return self._compare(node)

    def _lte(self, node: exp.LTE) -> str:
        return self._compare(node)

    def _gt(self, node: exp.GT) -> str:
        return f"lt({self._side(node.expression, node.this)}, {self._side(node.this, node.expression)})"

    def _gte(self, node: exp.GTE) -> str:
        return f"le({self._side(node.expression, node.this)}, {self._side(node.this, node.expression)})"

    def _compare(self, node: exp.Binary) -> str:
        word, sign = _COMPARES[type(node)]
        left, right = self._side(node.this, node.expression), self._side(node.expression, node.this)
        if self._never_null(node.this) and self._never_null(node.expression):
            return f"({left} {sign} {right})"
        return f"{word}({left}, {right})"

    def _side(self, node: exp.Expression, other: exp.Expression) -> str:
        """One side of a comparison: a string beside a JSON column is JSON."""
        if isinstance(node, exp.Literal) and node.is_string and self._kind(other) == "jsonb":
            return repr(json.loads(node.this))
        return self.write(node)

    def _kind(self, node: exp.Expression) -> str | None:
        if isinstance(node, exp.Column):
            source, name = self.scope.column(node.name, node.table or None)
            if source.shape is not None and name in source.shape.columns:
                return source.shape.columns[name].kind
        return None

    def _never_null(self, node: exp.Expression) -> bool:
        if isinstance(node, exp.Literal):
            return True
        if isinstance(node, exp.Column):
            source, name = self.scope.column(node.name, node.table or None)
            shape = source.shape
            return (
                shape is not None and source.alias != "?" and name in shape.columns and not shape.columns[name].nullable
            )
        return False

    def _in(self, node: exp.In) -> str:
        among = ", ".join(self.write(each) for each in node.expressions)
        return f"is_in({self.write(node.this)}, ({among},))"

    def _tuple(self, node: exp.Tuple) -> str:
        return "(" + "".join(f"{self.write(each)}, " for each in node.expressions) + ")"

    def _add(self, node: exp.Add) -> str:
        return f"add({self.write(node.this)}, {self.write(node.expression)})"

    def _sub(self, node: exp.Sub) -> str:
        return f"sub({self.write(node.this)}, {self.write(node.expression)})"

    def _div(self, node: exp.Div) -> str:
        return f"div({self.write(node.this)}, {self.write(node.expression)})"

    def _interval(self, node: exp.Interval) -> str:
        return f"interval({node.this.this!r}, {node.args['unit'].name!r})"

    def _makeinterval(self, node: exp.MakeInterval) -> str:
        second = node.args["second"]
        if set(node.args) - {"second"}:
            raise NotSimulated(node.sql("postgres"))
        return f"interval({self.write(second.expression)}, 'second')"

    def _case(self, node: exp.Case) -> str:
        if node.this is not None:
            raise NotSimulated(node.sql("postgres"))
        otherwise = node.args.get("default")
        written = self.write(otherwise) if otherwise is not None else "None"
        for branch in reversed(node.args["ifs"]):
            written = f"({self.write(branch.args['true'])} if {self.write(branch.this)} else {written})"
        return written

    def _jsonextractscalar(self, node: exp.JSONExtractScalar) -> str:
        path = node.expression
        if isinstance(path, exp.JSONPath):
            steps = [each.this for each in path.expressions if not isinstance(each, exp.JSONPathRoot)]
            return f"json_text({self.write(node.this)}, {', '.join(map(repr, steps))})"
        return f"json_text({self.write(node.this)}, {self.write(path)})"

    def _arraycontainsall(self, node: exp.ArrayContainsAll) -> str:
        return f"contains({self.write(node.this)}, {self.write(node.expression)})"

    def _anonymous(self, node: exp.Anonymous) -> str:
        if node.name == "jsonb_build_array":
            return f"[{', '.join(self.write(each) for each in node.expressions)}]"
        raise NotSimulated(node.sql("postgres"))

    def _exists(self, node: exp.Exists) -> str:
        scope = Scope(self.scope.shapes, self.scope)
        loops = from_loops(scope, node.this)
        where = node.this.args.get("where")
        test = f" if {Writer(scope).write(where.this)}" if where is not None else ""
        return f"any(True {loops}{test})"

    def _subquery(self, node: exp.Subquery) -> str:
        """One aggregate over a query of its own."""
        query = node.this
        if query.args.get("group") is not None or not is_aggregate(query):
            raise NotSimulated(node.sql("postgres"))
        scope = Scope(self.scope.shapes, self.scope)
        (output,) = query.expressions
        return Writer(scope, over=over_of(scope, query)).write(output.unalias())

    def _count(self, node: exp.Count) -> str:
        if not isinstance(node.this, exp.Star):
            raise NotSimulated(node.sql("postgres"))
        return f"sum(1 {self._over(node)})"

    def _filter(self, node: exp.Filter) -> str:
        if not isinstance(node.this, exp.Count) or not isinstance(node.this.this, exp.Star):
            raise NotSimulated(node.sql("postgres"))
        return f"sum(1 {self._over(node)} if {Writer(self.scope).write(node.expression.this)})"

    def _min(self, node: exp.Min) -> str:
        value = Writer(self.scope).write(node.this)
        return f"min((v for v in [{value} {self._over(node)}] if v is not None), default=None)"

    def _over(self, node: exp.Expression) -> str:
        if self.over is None:
            raise NotSimulated(node.sql("postgres"))
        return self.over

    def _coalesce(self, node: exp.Coalesce) -> str:
        return f"coalesce({', '.join(self.write(each) for each in (node.this, *node.expressions))})"

    def _extract(self, node: exp.Extract) -> str:
        if node.name.lower() != "epoch":
            raise NotSimulated(node.sql("postgres"))
        return f"seconds({self.write(node.expression)})"

    def _array(self, node: exp.Array) -> str:
        (query,) = node.expressions
        if not isinstance(query, exp.Select):
            raise NotSimulated(node.sql("postgres"))
        scope = Scope(self.scope.shapes, self.scope)
        loops = from_loops(scope, query)
        where = query.args.get("where")
        test = f" if {Writer(scope).write(where.this)}" if where is not None else ""
        (output,) = query.expressions
        limit = query.args.get("limit")
        cut = f"[:{self.write(limit.expression)}]" if limit is not None else ""
        return f"[{Writer(scope).write(output)} {loops}{test}]{cut}"


def is_aggregate(query: exp.Expression) -> bool:
    """Whether a query gives one row for all that it finds."""
    return any(each.find(exp.AggFunc) for each in query.expressions if not each.find(exp.Subquery, exp.Exists))


def over_of(scope: Scope, query: exp.Expression) -> str:
    """The loops of FROM and the condition of WHERE, for aggregates."""
    loops = from_loops(scope, query)
    where = query.args.get("where")
    return f"{loops} if {Writer(scope).write(where.this)}" if where is not None else loops


def from_loops(scope: Scope, query: exp.Expression) -> str:
    """`for … in …` for everything in FROM and its joins, added to the scope in that order."""
    loops: list[str] = []
    first = query.args.get("from_")
    tables = [first.this] if first is not None else []
    joins = query.args.get("joins") or []
    for table in tables:
        loops.append(add_source(scope, table))
    for join in joins:
        loops.append(_join(scope, join))
    return " ".join(loops)


def add_source(scope: Scope, table: exp.Expression) -> str:
    """Adds one item of FROM to the scope; returns its loop."""
    source, rows = _source(scope, table)
    scope.sources.append(source)
    return f"for {source.variable} in {rows}"


def _join(scope: Scope, join: exp.Join) -> str:
    source, rows = _source(scope, join.this)
    using = [each.name for each in join.args.get("using") or []]
    # USING: the name alone means the left side's.
    pairs = [(scope.column(name, None), name) for name in using]
    scope.sources.append(source)
    tests = [f"eq({left.variable}[{column!r}], {source.variable}[{name!r}])" for (left, column), name in pairs]
    scope.hidden |= {(source.alias, name) for name in using}
    if join.args.get("on") is not None:
        tests.append(Writer(scope).write(join.args["on"]))
    test = " and ".join(tests) or "True"
    if join.side == "LEFT":
        return f"for {source.variable} in ([x for x in {rows} if (lambda {source.variable}: {test})(x)] or [NULLS])"
    if join.side:
        raise NotSimulated(join.sql("postgres"))
    return f"for {source.variable} in {rows} if {test}"


def _source(scope: Scope, table: exp.Expression) -> tuple[Source, str]:
    alias_node = table.args.get("alias")
    alias = alias_node.name if alias_node is not None else ""
    if isinstance(table, exp.Unnest):
        width = len(table.expressions)
        named = [each.name for each in alias_node.args.get("columns") or []] if alias_node is not None else []
        columns = named or [f"column{n}" for n in range(width)]
        arrays = ", ".join(Writer(scope).write(each) for each in table.expressions)
        keys = repr(tuple(columns))
        rows = f"[dict(zip({keys}, v)) for v in unnest({width}, {arrays})]"
        return Source(alias or "unnest", scope.fresh(alias or "unnest"), columns), rows
    if isinstance(table, exp.Table) and isinstance(table.this, exp.Anonymous):
        call = table.this
        if call.name != "jsonb_array_elements":
            raise NotSimulated(call.sql("postgres"))
        argument = Writer(scope).write(call.expressions[0])
        name = alias or call.name
        return (
            Source(name, scope.fresh(name), ["value"], scalar=True),
            f"[{{'value': v}} for v in ({argument} or [])]",
        )
    if isinstance(table, exp.Table):
        shape = scope.shapes.get(table.name)
        if shape is None:
            raise NotSimulated(f"table {table.name}")
        name = alias or table.name
        if isinstance(shape, Returned):
            return Source(name, scope.fresh(name), shape.columns), f"p[{table.name!r}]"
        return Source(name, scope.fresh(name), list(shape.columns), shape), f"tx.scan({table.name!r})"
    raise NotSimulated(table.sql("postgres"))
