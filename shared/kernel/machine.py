"""State machines as tables: a row per allowed step, everything else refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.kernel.errors import Refused


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed step. `guard` names a fact that must hold; `by` the permission that a person needs, if any may."""

    source: str
    command: str
    target: str
    guard: str | None = None
    by: str | None = None
    event: str | None = None


class Machine:
    """A thing's life as data. Several rows may share (source, command) when their guards differ; the first wins."""

    def __init__(self, name: str, transitions: Iterable[Transition]) -> None:
        self.name = name
        self.transitions = tuple(transitions)
        self._rows: dict[tuple[str, str], list[Transition]] = {}
        for row in self.transitions:
            self._rows.setdefault((row.source, row.command), []).append(row)

    @property
    def states(self) -> frozenset[str]:
        """Every state that the table names."""
        return frozenset(s for row in self.transitions for s in (row.source, row.target))

    @property
    def commands(self) -> frozenset[str]:
        """Every command that the table names."""
        return frozenset(row.command for row in self.transitions)

    def allowed(self, state: str) -> tuple[str, ...]:
        """The commands that some row allows in `state`, sorted."""
        return tuple(sorted({command for source, command in self._rows if source == state}))

    def step(self, state: str, command: str, facts: Iterable[str] = ()) -> Transition:
        """The row to follow from `state` by `command`, given the guards that hold (`facts`).

        Raises Refused(`<name>-state`, 409) naming the commands that the state allows.
        """
        holding = frozenset(facts)
        for row in self._rows.get((state, command), ()):
            if row.guard is None or row.guard in holding:
                return row
        can = ", ".join(self.allowed(state)) or "nothing: it has ended"
        raise Refused(f"{self.name}-state", field="command", expected=f"in state {state}: {can}")
