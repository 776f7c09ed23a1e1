"""T1, T2 and T3 hold the figures of the tables they come from. The figures stand here once more, in yuan."""

from __future__ import annotations

import pytest

from services.intake.standards.model import Cell, Place
from services.intake.standards.shipped import shipped

NO, GUEST, SELF, OPEN, CASE = "not-offered", "guest-pays", "self-arranged", "no-cap", "as-required"
Figure = str | int | tuple[int, int]

CERTAIN: dict[str, dict[str, tuple[str | None, list[Figure]]]] = {
    "T1 A B C": {
        "lodging": ("day", [GUEST, 300, 900]),
        "breakfast": (None, ["included"] * 3),
        "lunch": ("person-meal", [30, 50, 100]),
        "dinner": ("person-meal", [80, 100, "needs-confirmation"]),
        "gift": ("person", [50, 100, 200]),
        "car": (None, ["needs-confirmation"] * 3),
        **{
            item: (None, ["provided"] * 3)
            for item in (
                "host",
                "companions",
                "pick-up",
                "room-preparation",
                "meeting",
                "material",
                "refreshments",
                "send-off",
            )
        },
    },
    "T2 A B C D": {
        "lodging": ("room-night", [(300, 600), (200, 400), (100, 200), GUEST]),
        "meals": ("person-meal", [(100, 200), (80, 150), (50, 120), (10, 50)]),
        "companions": (None, [CASE] * 4),
    },
    "T3 A B C": {
        "lodging": (None, [OPEN, OPEN, NO]),
        "meals director": ("person-meal", [(500, 1000), "not-applicable", "not-applicable"]),
        "meals manager": ("person-meal", [500, 350, 200]),
        "meals marketing": ("person-meal", [300, 150, 150]),
    },
}
"""Set and levels → item (and the host's rank) → what it is counted by, and what each level has."""

UNCERTAIN: dict[str, list[list[Figure]]] = {
    "red-wine": [[(300, 1000)], [(100, 300)], [100, 150]],
    "spirits": [[(300, 1000)], [(100, 300)], [100, 150]],
    "cigarettes": [[(30, 200)], [100], [100]],
    "tea": [[(100, 300)], [100], [100]],
    "gift": [[1000, 1000], [500, 500], [100, 100]],
    "car": [["provided"], ["provided"], [SELF]],
    "catering": [[(100, 1000)] * 2, [(100, 300)] * 2, [200, 200]],
    "snacks": [[(50, 200)], [120], [120]],
    "entertainment": [[CASE], [CASE], [CASE]],
}
"""The rest of T3: by level, the ways in which its cells may be read."""


def _figure(cell: Cell) -> Figure:
    if cell.upper is None:
        return cell.kind
    upper = cell.upper // 100
    assert cell.upper == upper * 100
    return upper if cell.lower is None else (cell.lower // 100, upper)


def test_each_certain_cell_has_the_figure_of_its_table() -> None:
    """LV-01, LV-02, LV-03."""
    for heading, rows in CERTAIN.items():
        code, *levels = heading.split()
        cells = shipped()[code].cells
        for row, (basis, figures) in rows.items():
            item, _, rank = row.partition(" ")
            found = [cells[Place(item, level, rank or None)] for level in levels]
            assert [_figure(cell) for cell in found] == figures, (heading, row)
            assert {cell.basis for cell in found if cell.upper is not None} <= {basis}, (heading, row)


def test_every_other_cell_of_t3_waits_for_a_person_with_its_readings() -> None:
    cells = shipped()["T3"].cells
    for item, by_level in UNCERTAIN.items():
        for level, readings in zip("ABC", by_level, strict=True):
            cell = cells[Place(item, level, None)]
            assert cell.kind == "needs-confirmation"
            read = [_figure(Cell(item=item, level=level, **reading.model_dump())) for reading in cell.readings]
            assert read == readings, (item, level)


def test_t1_leaves_the_car_and_the_top_dinner_open() -> None:
    cells = shipped()["T1"].cells
    assert [reading.kind for reading in cells[Place("dinner", "C", None)].readings] == [OPEN, NO]
    for level in "ABC":
        notes = [reading.note.zh for reading in cells[Place("car", level, None)].readings if reading.note]
        assert notes == ["别克以上级别"]


@pytest.mark.parametrize(("code", "lowest_first"), [("T1", "ABC"), ("T2", "DCBA"), ("T3", "CBA")])
def test_the_letter_says_nothing_of_the_rank(code: str, lowest_first: str) -> None:
    levels = shipped()[code].outline.levels
    assert [level.code for level in sorted(levels, key=lambda each: each.rank)] == list(lowest_first)


def test_a_director_ranks_above_a_manager_and_a_manager_above_marketing() -> None:
    ranks = shipped()["T3"].outline.host_ranks
    assert [rank.code for rank in sorted(ranks, key=lambda each: -each.rank)] == ["director", "manager", "marketing"]


def test_no_cell_of_any_set_is_left_unheld() -> None:
    """Whoever adds an item to a file adds its figures here."""
    held = {
        (heading.split()[0], Place(row.partition(" ")[0], level, row.partition(" ")[2] or None))
        for heading, rows in CERTAIN.items()
        for row in rows
        for level in heading.split()[1:]
    } | {("T3", Place(item, level, None)) for item in UNCERTAIN for level in "ABC"}
    assert held == {(code, place) for code, one in shipped().items() for place in one.cells}
    assert {one.outline.currency for one in shipped().values()} == {"CNY"}
