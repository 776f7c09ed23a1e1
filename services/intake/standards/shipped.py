"""The sets that ship, as they lie in `sets/`: one file per set, read whole or not at all."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from services.intake.standards.model import Cell, Outline, Place, missing

_SETS = Path(__file__).parent / "sets"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A set as its file has it."""

    code: str
    outline: Outline
    cells: dict[Place, Cell]


@cache
def shipped() -> dict[str, Shipped]:
    """Every shipped set by its code. Raises ValueError where a file lacks a cell or has one too many."""
    return {path.stem.upper(): _read(path) for path in sorted(_SETS.glob("*.toml"))}


def _read(path: Path) -> Shipped:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    by_item = raw.pop("cells")
    outline = Outline.model_validate(raw)
    with_rank = {item.code for item in outline.items if item.by_host_rank}
    cells = {
        cell.place: cell for item, rows in by_item.items() for cell in _cells(item, rows, ranked=item in with_rank)
    }
    wrong = [*missing(outline, cells), *(place for place in cells if place not in outline.places())]
    if wrong:
        raise ValueError(f"{path.name}: {', '.join(map(str, wrong))} missing, or too many")
    return Shipped(path.stem.upper(), outline, cells)


def _cells(item: str, by_level: Mapping[str, Any], *, ranked: bool) -> Iterator[Cell]:
    for level, says in by_level.items():
        for host_rank, cell in says.items() if ranked else ((None, says),):
            yield Cell(item=item, level=level, host_rank=host_rank, **cell)
