"""What goes over the standards' routes. The parts of a set are the model's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.intake.standards.kinds import Basis, Kind
from services.intake.standards.lines import Lines
from services.intake.standards.machine import STANDARD_SET
from services.intake.standards.model import (
    Cell,
    CellContent,
    Code,
    HostRank,
    Item,
    Level,
    Outline,
    Place,
    Proposal,
    StandardSet,
    Words,
    missing,
)
from shared.web.schemas import Answer, Request

Version = Annotated[int, Field(ge=1)]


class DraftRequest(Request):
    """Which set to copy; its next edition, or the first edition under another code."""

    copy_of: UUID
    code: Code | None = None


class OutlineRequest(Request):
    """The whole outline as it shall be, instead of the one seen under `version`."""

    version: Version
    outline: Outline


class CellsRequest(Request):
    """Cells to write; places that are not named stay as they are."""

    cells: tuple[CellContent, ...] = Field(min_length=1, max_length=200)


class ConfirmRequest(Request):
    """Which unclear cell, and which of its readings holds, counted from 0."""

    item: Code
    level: Code
    host_rank: Code | None = None
    reading: int = Field(ge=0, le=4)

    @property
    def place(self) -> Place:
        """Where the cell stands."""
        return Place(self.item, self.level, self.host_rank)


class PublishRequest(Request):
    """What is published is what was seen under `version`."""

    version: Version


class UseRequest(Request):
    """The code that a department goes by; null: that of the departments above it."""

    code: Code | None


class StandardSetView(Answer):
    """An edition of a company's standards, without its table."""

    set_id: UUID
    code: str
    edition: int
    state: str
    names: Words
    currency: str
    copied_from: UUID | None
    created_by: str
    created_at: datetime
    published_by: str | None
    published_at: datetime | None
    retired_by: str | None
    retired_at: datetime | None
    version: int
    commands: tuple[str, ...]
    """What the state allows somebody to do."""

    @classmethod
    def of(cls, one: StandardSet) -> Self:
        """The set as it is told."""
        return cls(**_common(one))


class StandardSetDetail(StandardSetView):
    """A whole set; amounts in minor units of its currency."""

    levels: tuple[Level, ...]
    host_ranks: tuple[HostRank, ...]
    items: tuple[Item, ...]
    proposals: tuple[Proposal, ...]
    cells: tuple[Cell, ...]
    missing: tuple[str, ...]
    """Places without a cell, as item/level/rank: a draft is published when there are none."""
    unconfirmed: tuple[str, ...]
    """Places that nobody has confirmed yet: nothing is approved by them."""

    @classmethod
    def whole(cls, one: StandardSet, cells: Mapping[Place, Cell]) -> Self:
        """Set and cells as they are told, in the order of the table."""
        ordered = [cells[place] for place in one.outline.places() if place in cells]
        return cls(
            **_common(one),
            levels=one.outline.levels,
            host_ranks=one.outline.host_ranks,
            items=one.outline.items,
            proposals=one.outline.proposals,
            cells=tuple(ordered),
            missing=tuple(map(str, missing(one.outline, dict(cells)))),
            unconfirmed=tuple(str(cell.place) for cell in ordered if cell.kind == "needs-confirmation"),
        )


class StandardSetList(Answer):
    """Standard sets, the newest first."""

    items: tuple[StandardSetView, ...]
    next: UUID | None
    """Give it as `before` for the next page; null on the last."""


class UseView(Answer):
    """A department and the set that holds for it."""

    department_id: UUID
    standard_set: StandardSetView


class LineView(Answer):
    """What a set says of one item for one stay; amounts in minor units."""

    item: str
    names: Words
    kind: Kind
    basis: Basis | None
    note: Words | None
    upper: int | None
    """For one of what is counted."""
    counted: int | None
    cap: int | None
    """What binds: zero where nothing is foreseen, null where no figure does or the plan says how many."""


class LinesView(Answer):
    """What a visit of a level may cost under a set."""

    set_id: UUID
    code: str
    edition: int
    level: str
    host_rank: str | None
    currency: str
    total: int
    lines: tuple[LineView, ...]
    unconfirmed: tuple[str, ...]

    @classmethod
    def of(cls, one: StandardSet, found: Lines) -> Self:
        """The lines as they are told."""
        names = {item.code: item.names for item in one.outline.items}
        return cls(
            set_id=one.id,
            code=found.set_code,
            edition=found.edition,
            level=found.level,
            host_rank=found.host_rank,
            currency=found.currency,
            total=found.total.minor,
            lines=tuple(
                LineView(
                    item=line.item,
                    names=names[line.item],
                    kind=line.cell.kind,
                    basis=line.cell.basis,
                    note=line.cell.note,
                    upper=None if line.upper is None else line.upper.minor,
                    counted=line.counted,
                    cap=None if line.cap is None else line.cap.minor,
                )
                for line in found.lines
            ),
            unconfirmed=tuple(map(str, found.unconfirmed)),
        )


def _common(one: StandardSet) -> dict[str, object]:
    shown = {name: getattr(one, name) for name in StandardSet.__dataclass_fields__ if name not in ("id", "outline")}
    commands = tuple(command for command in STANDARD_SET.allowed(one.state) if command != "supersede")
    return shown | {
        "set_id": one.id,
        "names": one.outline.names,
        "currency": one.outline.currency,
        "commands": commands,
    }
