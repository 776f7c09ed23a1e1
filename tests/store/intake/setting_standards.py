"""Steps with standard sets that several tests take."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.intake.standards import commands, store, using
from services.intake.standards.lines import Lines, Stay
from services.intake.standards.model import CellContent, Place, StandardSet
from tests.store.intake.builders import House


async def in_force(house: House, code: str = "T1") -> StandardSet:
    """The published edition of a code."""
    found = await house.do(store.in_force, code)
    assert isinstance(found, StandardSet)
    return found


async def drafted(house: House, code: str = "T1", *, as_code: str | None = None) -> StandardSet:
    """A draft, copied by Gina from the published edition of `code`."""
    source = await in_force(house, code)
    one = await house.do(commands.draft, source.id, code=as_code, by=house.staff["gina"])
    assert isinstance(one, StandardSet)
    return one


async def fresh(house: House, one: StandardSet) -> StandardSet:
    """The set as it is now."""
    found = await house.do(store.get, one.id)
    assert isinstance(found, StandardSet)
    return found


async def published(house: House, one: StandardSet) -> StandardSet:
    """The draft, put in force by Gina as it is now."""
    seen = await fresh(house, one)
    done = await house.do(commands.publish, one.id, version=seen.version, by=house.staff["gina"])
    assert isinstance(done, StandardSet)
    return done


def cell(item: str, level: str, **says: Any) -> CellContent:
    """What somebody writes into a cell."""
    return CellContent.model_validate({"item": item, "level": level, **says})


def lunch(level: str, yuan: int) -> CellContent:
    """A cap on lunch."""
    return cell("lunch", level, kind="cap", upper=yuan * 100, basis="person-meal")


async def write(house: House, one: StandardSet, *cells: CellContent) -> StandardSet:
    """Gina writes cells."""
    done = await house.do(commands.write_cells, one.id, cells, by=house.staff["gina"])
    assert isinstance(done, StandardSet)
    return done


async def confirmed(house: House, one: StandardSet, place: Place, reading: int = 0) -> StandardSet:
    """Gina confirms a cell."""
    done = await house.do(commands.confirm, one.id, place, reading=reading, by=house.staff["gina"])
    assert isinstance(done, StandardSet)
    return done


async def lines_of(house: House, set_id: UUID, level: str = "B", **changes: Any) -> Lines:
    """The lines of two guests for one night."""
    values = {"level": level, "host_rank": None, "stay": Stay(2, 1), **changes}
    found = await house.do(using.lines_for, set_id, **values)
    assert isinstance(found, Lines)
    return found
