"""What names mean in a statement: the tables and functions in its FROM, and what is around a subquery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.simulation.postgres.errors import NotSimulated
from tests.faults.simulation.postgres.schema import ROW_ID, Shape


@dataclass(frozen=True, slots=True)
class Returned:
    """What an INSERT in a WITH gives to the rest of the statement, under the parameter of its name."""

    columns: Sequence[str]


Shapes = dict[str, Any]
"""Name → `Shape` of a table, or `Returned` of a WITH."""


@dataclass(slots=True)
class Source:
    """One table or function in FROM: the Python variable that holds its row, and how its rows are come by."""

    alias: str
    variable: str
    columns: Sequence[str]
    shape: Shape | None = None
    scalar: bool = False
    """Whether its name alone means its value, as `jsonb_array_elements(…) AS need`."""


@dataclass(slots=True)
class Scope:
    """What names mean here; a subquery also sees what is around it."""

    shapes: Shapes
    around: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    hidden: set[tuple[str, str]] = field(default_factory=set)
    """(alias, column) that USING has merged away."""

    def column(self, name: str, table: str | None) -> tuple[Source, str]:
        """The source that a column name belongs to, and its column there."""
        for source in self.sources:
            if table is not None and source.alias != table:
                continue
            if source.scalar and name == source.alias:
                return source, source.columns[0]
            known = name in source.columns or (source.shape is not None and name == ROW_ID)
            if known and (table is not None or (source.alias, name) not in self.hidden):
                return source, name
        if self.around is None:
            raise NotSimulated(f"column {table or ''}.{name}")
        return self.around.column(name, table)

    def fresh(self, alias: str) -> str:
        """A variable name that nothing around uses."""
        depth, scope = 0, self.around
        while scope is not None:
            depth, scope = depth + 1, scope.around
        return f"r{depth}_{alias}_{len(self.sources)}"
