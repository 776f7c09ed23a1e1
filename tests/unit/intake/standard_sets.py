"""Sets, stays and plans that several tests draw from or build by hand."""

from __future__ import annotations

from uuid import UUID

from hypothesis import strategies as st

from services.intake.standards.kinds import COUNTED_BY, DAY_MEANS
from services.intake.standards.lines import Lines, Stay, lines
from services.intake.standards.model import Cell, HostRank, Item, Level, Outline, Place, StandardSet, Words
from services.intake.standards.shipped import shipped
from shared.kernel import clock

SOMEBODY = UUID(int=7)


def words(text: str) -> Words:
    """The same in both languages."""
    return Words(zh=text, en=text)


def published(code: str, outline: Outline) -> StandardSet:
    """A set in force."""
    return StandardSet(
        id=UUID(int=1),
        code=code,
        edition=1,
        state="published",
        outline=outline,
        copied_from=None,
        created_by="test",
        created_at=clock.now(),
    )


def shipped_lines(code: str, level: str, stay: Stay, *, host_rank: str | None = None) -> Lines:
    """What a shipped set says for a stay."""
    one = shipped()[code]
    return lines(published(code, one.outline), one.cells, level=level, host_rank=host_rank, stay=stay)


def outline(levels: int = 2, items: int = 2, ranks: int = 0, **changes: object) -> Outline:
    """A set's outline: levels L1 (the lowest) …, items i1 …, of which i1 depends on the rank where there are ranks."""
    return Outline.model_validate(
        {
            "names": words("set"),
            "currency": "CNY",
            "levels": [Level(code=f"L{n}", rank=n, names=words(f"level {n}")) for n in range(1, levels + 1)],
            "host_ranks": [HostRank(code=f"r{n}", rank=n, names=words(f"rank {n}")) for n in range(1, ranks + 1)],
            "items": [
                Item(code=f"i{n}", names=words(f"item {n}"), by_host_rank=bool(ranks) and n == 1)
                for n in range(1, items + 1)
            ],
            **changes,
        }
    )


stays = st.integers(1, 500).flatmap(
    lambda guests: st.builds(
        Stay,
        guests=st.just(guests),
        nights=st.integers(0, 60),
        rooms=st.none() | st.integers(0, guests),
        companions=st.integers(0, 50),
    )
)


@st.composite
def capped(draw: st.DrawFn) -> tuple[Item, Cell]:
    """An item and its cell with an upper amount."""
    item = Item(
        code="x",
        names=words("x"),
        day_means=draw(st.sampled_from(sorted(DAY_MEANS))),
        meals_a_day=draw(st.integers(0, 5)),
        meals_a_night=draw(st.integers(0, 5)),
    )
    upper = draw(st.integers(0, 10**9))
    kind = draw(st.sampled_from(["cap", "range", "reference"]))
    cell = Cell(
        item="x",
        level="L1",
        kind=kind,
        lower=None if kind == "cap" else draw(st.integers(0, upper)),
        upper=upper,
        basis=draw(st.sampled_from(sorted(COUNTED_BY))),
    )
    return item, cell


def lines_of(item: Item, cell: Cell, stay: Stay) -> Lines:
    """The lines of a set that has this one item."""
    whole = outline(levels=1, items=1).model_copy(update={"items": (item,)})
    return lines(published("S", whole), {Place("x", "L1", None): cell}, level="L1", host_rank=None, stay=stay)
