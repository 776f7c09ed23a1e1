"""Totals follow from head-count and nights; only the upper end of a cell binds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.standards.kinds import KINDS, Amount, Bound
from services.intake.standards.lines import Lines, Stay, lines
from services.intake.standards.model import Cell, Item, Outline, Place, Reading
from services.intake.standards.shipped import shipped
from shared.kernel.errors import Refused
from shared.kernel.money import Money
from tests.unit.intake.standard_sets import SOMEBODY, capped, lines_of, outline, published, shipped_lines, stays

_RAISED = {"guests": 1, "nights": 1, "companions": 1}


def _cap(found: Lines, item: str) -> int | None:
    line = found.line(item)
    assert line is not None
    return None if line.cap is None else line.cap.minor


@pytest.mark.parametrize(
    ("item", "yuan"),
    [
        ("lodging", 300 * 4 * 2),  # four rooms, two nights
        ("breakfast", 0),
        ("lunch", 50 * 5 * 3),  # four guests and a companion, three days
        ("dinner", 100 * 5 * 3),
        ("gift", 100 * 4),
        ("meeting", None),
    ],
)
def test_four_guests_for_two_nights_at_the_middle_level_of_t1(item: str, yuan: int | None) -> None:
    found = shipped_lines("T1", "B", Stay(guests=4, nights=2, companions=1))
    assert _cap(found, item) == (None if yuan is None else yuan * 100)


def test_rooms_that_are_shared_count_once() -> None:
    found = shipped_lines("T2", "A", Stay(guests=4, nights=3, rooms=2))
    assert _cap(found, "lodging") == 600_00 * 2 * 3
    assert _cap(found, "meals") == 200_00 * 4 * 8


def test_empty_rooms_raise_no_cap() -> None:
    with pytest.raises(Refused) as refused:
        Stay(guests=4, nights=3, rooms=5)
    assert (refused.value.code, refused.value.expected) == ("too-many-rooms", "at most 4")
    for wrong in ({"guests": 0}, {"nights": -1}, {"companions": -1}, {"rooms": -1}):
        with pytest.raises(ValueError, match="a stay has a guest"):
            Stay(**{"guests": 1, "nights": 0, **wrong})


def test_the_host_s_rank_decides_where_the_set_says_so() -> None:
    """LV-02."""
    stay = Stay(guests=2, nights=0)
    caps = [
        _cap(shipped_lines("T3", "A", stay, host_rank=rank), "meals") for rank in ("director", "manager", "marketing")
    ]
    assert caps == [1000_00 * 4, 500_00 * 4, 300_00 * 4]
    assert _cap(shipped_lines("T3", "B", stay, host_rank="director"), "meals") == 0
    with pytest.raises(Refused) as refused:
        shipped_lines("T3", "A", stay)
    assert (refused.value.code, refused.value.expected) == ("host-rank-unknown", "one of director, manager, marketing")


def test_a_visit_that_needs_no_meal_needs_no_rank() -> None:
    one = shipped()["T3"]
    found = lines(
        published("T3", one.outline), one.cells, level="A", host_rank=None, stay=Stay(2, 1), items=["lodging"]
    )
    assert [line.item for line in found.lines] == ["lodging"]


@pytest.mark.parametrize(
    ("code", "named"), [("level-unknown", {"level": "Z"}), ("item-unknown", {"items": ["lodging", "x"]})]
)
def test_what_the_set_does_not_have_is_refused(code: str, named: dict[str, object]) -> None:
    one = shipped()["T1"]
    values = {"level": "A", "host_rank": None, "stay": Stay(1, 0), **named}
    with pytest.raises(Refused) as refused:
        lines(published("T1", one.outline), one.cells, **values)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_a_cell_that_nobody_confirmed_is_no_ground_to_approve_on() -> None:
    """LV-03."""
    found = shipped_lines("T1", "C", Stay(1, 0))
    assert found.unconfirmed == (Place("car", "C", None), Place("dinner", "C", None))
    with pytest.raises(Refused) as refused:
        found.require_confirmed()
    assert refused.value.expected == "a person to confirm first: car/C, dinner/C"
    cell = shipped()["T1"].cells[Place("dinner", "C", None)]
    settled = cell.confirmed(cell.readings[1], by=SOMEBODY, at=published("T1", shipped()["T1"].outline).created_at)
    assert KINDS[settled.kind].bound is Bound.NOTHING
    assert settled.readings == cell.readings


def test_a_draft_s_hole_is_told_by_its_place() -> None:
    with pytest.raises(Refused) as refused:
        lines(published("S", outline()), {}, level="L1", host_rank=None, stay=Stay(1, 0))
    assert (refused.value.code, refused.value.expected) == ("cell-missing", "a cell at i1/L1")


@given(capped(), stays)
def test_a_cap_is_the_upper_amount_times_what_is_counted(drawn: tuple[Item, Cell], stay: Stay) -> None:
    item, cell = drawn
    (line,) = lines_of(item, cell, stay).lines
    if line.counted is None:
        assert (cell.basis in ("piece", "bottle"), line.cap) == (True, None)
    else:
        assert line.cap == Money((cell.upper or 0) * line.counted, "CNY")


@given(capped(), stays, st.sampled_from(sorted(_RAISED)), st.integers(1, 30))
def test_more_guests_nights_or_companions_never_lower_a_cap(
    drawn: tuple[Item, Cell], stay: Stay, grows: str, by: int
) -> None:
    more = replace(stay, **{grows: getattr(stay, grows) + by})
    assert lines_of(*drawn, more).total >= lines_of(*drawn, stay).total


@given(capped(), stays, st.integers(0, 10**6))
def test_a_higher_upper_end_never_lowers_a_cap_and_the_lower_end_says_nothing(
    drawn: tuple[Item, Cell], stay: Stay, by: int
) -> None:
    item, cell = drawn
    higher = cell.model_copy(update={"upper": (cell.upper or 0) + by})
    assert lines_of(item, higher, stay).total >= lines_of(item, cell, stay).total
    without = cell.model_copy(update={"lower": None})
    assert lines_of(item, without, stay).total == lines_of(item, cell, stay).total


@given(stays, st.sampled_from("ABCD"))
def test_the_total_is_the_sum_of_the_lines(stay: Stay, level: str) -> None:
    found = shipped_lines("T2", level, stay)
    assert found.total.minor == sum(line.cap.minor for line in found.lines if line.cap is not None)


@given(stays)
def test_in_each_shipped_set_a_higher_level_never_gets_less(stay: Stay) -> None:
    """LV-05: levels are ordered by rank, whatever their letters."""
    for code, one in shipped().items():
        ordered = sorted(one.outline.levels, key=lambda each: each.rank)
        for item in one.outline.items:
            for rank in [each.code for each in one.outline.host_ranks] or [None]:
                caps = [
                    line.cap.minor
                    for level in ordered
                    if (line := shipped_lines(code, level.code, stay, host_rank=rank).line(item.code)) and line.cap
                ]
                assert caps == sorted(caps), (code, item.code, rank)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_has_the_amounts_of_its_kind_and_no_others(kind: str) -> None:
    """LV-03: the table of kinds is walked whole."""
    rule = KINDS[kind]  # type: ignore[index]
    for lower, upper, basis in ((low, up, on) for low in (None, 1) for up in (None, 2) for on in (None, "person")):
        fits = all(
            wanted is Amount.POSSIBLE or (value is not None) == (wanted is Amount.NEEDED)
            for value, wanted in ((lower, rule.lower), (upper, rule.upper))
        ) and (basis is not None) == (rule.bound is Bound.UPPER)
        if fits:
            Reading(kind=kind, lower=lower, upper=upper, basis=basis)  # type: ignore[arg-type]
        else:
            with pytest.raises(ValidationError):
                Reading(kind=kind, lower=lower, upper=upper, basis=basis)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "range", "lower": 3, "upper": 2, "basis": "person"},
        {"kind": "cap", "upper": 10**9 + 1, "basis": "person"},
        {"kind": "cap", "upper": 1.5, "basis": "person"},
        {"kind": "cap", "upper": -1, "basis": "person"},
        {"kind": "needs-confirmation"},
        {"kind": "needs-confirmation", "readings": [{"kind": "needs-confirmation"}]},
    ],
)
def test_a_cell_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Cell.model_validate({"item": "x", "level": "A", **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": [{"code": "A", "rank": 1, "names": {"zh": "a", "en": "a"}}] * 2},
        {"items": [{"code": "x", "names": {"zh": "a", "en": "a"}, "by_host_rank": True}]},
        {"proposals": [{"level": "Z", "guests_from": 2}]},
        {"proposals": [{"level": "L1"}]},
        {"proposals": [{"level": "L1", "titles": [""]}]},
        {"proposals": [{"level": "L1", "organisations": ["circus"]}]},
        {"proposals": [{"level": "L1", "customer_classes": ["royal"]}]},
        {"host_ranks": [{"code": code, "rank": 1, "names": {"zh": "a", "en": "a"}} for code in "ab"]},
        {"currency": "yuan"},
        {"levels": []},
    ],
)
def test_an_outline_that_does_not_fit_together_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Outline.model_validate({**outline().model_dump(), **wrong})


def test_a_set_of_fifty_levels_has_a_cell_for_each_and_not_one_more_level() -> None:
    """Tried: 50 levels, 3 ranks, 14 items."""
    big = outline(levels=50, items=14, ranks=3)
    cells = {
        place: Cell(item=place.item, level=place.level, host_rank=place.host_rank, kind="cap", upper=100, basis="visit")
        for place in big.places()
    }
    assert len(cells) == 50 * 13 + 50 * 3
    found = lines(published("S", big), cells, level="L50", host_rank="r2", stay=Stay(300, 60))
    assert found.total == Money(14 * 100, "CNY")
    with pytest.raises(ValidationError):
        outline(levels=51)
