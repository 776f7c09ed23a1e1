"""A fault as data: what is done to the house, how often, and the figures that it must keep."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from deploy.local.layout import SERVICES

if TYPE_CHECKING:
    from tests.faults.run import Run
    from tests.faults.scene import Scene


@dataclass(frozen=True, slots=True)
class Injection:
    """One time that the fault was there: from `began` until it was lifted."""

    began: datetime
    over: datetime
    kills: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure and its bound. Where `judged` is False the figure is only told."""

    name: str
    value: float | None
    bound: float
    at_most: bool = True
    judged: bool = True

    @property
    def ok(self) -> bool:
        """Whether the bound is kept; a figure that could not be had is not."""
        if not self.judged:
            return True
        if self.value is None:
            return False
        return self.value <= self.bound if self.at_most else self.value >= self.bound


Inject = Callable[["Scene", int], Awaitable[Injection]]
Prepare = Callable[["Scene"], Awaitable[None]]
Measured = Callable[["Run"], list[Measure]]


async def nothing(_scene: Scene) -> None:
    """Needs nothing of its own."""


def no_measures(_run: Run) -> list[Measure]:
    """Only the invariants count."""
    return []


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the matrix."""

    name: str
    does: str
    """As the table tells it."""
    events: int
    """Of the long form: how many events are handled meanwhile, at least."""
    injections: int
    """Of the long form. The short form has one."""
    inject: Inject
    recovered: float | None = None
    """Seconds after the end of an injection within which everything written about it has taken effect."""
    from_beginning: bool = False
    """Whether those seconds count from the beginning of the injection."""
    readers: tuple[str, ...] = SERVICES
    """Whose effects are looked at for that."""
    rate_after: float | None = None
    """The least rate afterwards as a share of the rate before; judged in the long form, whose spans are long enough."""
    measured: Measured = no_measures
    prepare: Prepare = nothing
    repair: Prepare = nothing
    """Puts back what `prepare` changed, also after a failure."""
    settings: Mapping[str, str] = field(default_factory=dict)
    long_only: bool = False
    own_house: bool = False
    """Whether nothing else may run in this house afterwards."""
    brokers: int = 1
    reorders: bool = False
    """Whether records may come onto their topics in another order than they were written in."""
    outside: bool = True
    """Whether the outside channel writes meanwhile."""
    last_act: Prepare = nothing
    """Done after the load, before the house must come to rest: e.g. the fixed version is deployed."""
