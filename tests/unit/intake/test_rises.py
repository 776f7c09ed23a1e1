"""A new approval is needed where something rises above what was approved, and not otherwise."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.budgets.model import Planned, check
from services.intake.budgets.rises import RISES, rises
from services.intake.budgets.snapshot import snapshot_of
from services.intake.standards.lines import Stay
from shared.kernel.money import Money
from tests.unit.intake.standard_sets import shipped_lines

_SALES, _SERVICE = UUID(int=1), UUID(int=2)

Visit = dict[str, Any]


def _snapshot(
    code: str = "T3",
    level: str = "B",
    host_rank: str | None = "manager",
    guests: int = 3,
    nights: int = 2,
    companions: int = 0,
    rooms: int | None = None,
    planned: int = 100_00,
    bearer: UUID = _SALES,
) -> dict[str, Any]:
    lines = shipped_lines(code, level, Stay(guests, nights, rooms, companions), host_rank=host_rank)
    return snapshot_of(lines, check(lines, [Planned("meals", Money(planned, "CNY"))]), bearer=bearer)


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, []),
        ({"guests": 2}, []),
        ({"nights": 1}, []),
        ({"planned": 99_99}, []),
        ({"level": "C"}, []),
        ({"host_rank": "marketing"}, []),
        ({"level": "A", "host_rank": "marketing"}, ["level"]),
        ({"host_rank": "director"}, ["host-rank"]),
        ({"planned": 100_01}, ["budget"]),
        ({"guests": 4}, ["cap", "guests"]),
        ({"companions": 1}, ["cap"]),
        ({"nights": 3}, ["cap", "nights"]),
        ({"bearer": _SERVICE}, ["bearer"]),
        ({"code": "T2", "host_rank": None}, ["standard-set", "level", "cap"]),
    ],
)
def test_what_rises_is_named(change: Visit, reasons: list[str]) -> None:
    """AP-01: an approval covers what was seen."""
    assert list(rises(_snapshot(), _snapshot(**change))) == reasons


def test_every_row_of_the_table_can_be_a_reason() -> None:
    changes: list[Visit] = [
        {"code": "T2", "host_rank": None},
        {"level": "A"},
        {"host_rank": "director"},
        {"planned": 200_00},
        {"guests": 4, "nights": 3},
        {"bearer": _SERVICE},
    ]
    assert {reason for change in changes for reason in rises(_snapshot(), _snapshot(**change))} == set(RISES)


def test_where_nothing_counts_by_person_one_more_guest_alone_is_no_reason() -> None:
    before, after = _snapshot(), _snapshot(guests=4)
    for one in (before, after):
        one["lines"] = [line for line in one["lines"] if line["basis"] is None]
    assert rises(before, after) == ()


def test_what_had_a_figure_and_has_none_any_more_has_risen_and_the_other_way_round_not() -> None:
    before, after = _snapshot(), _snapshot()
    (meals,) = (line for line in after["lines"] if line["item"] == "meals")
    meals.update(kind="no-cap", upper=None, cap=None, basis=None)
    assert rises(before, after) == ("cap",)
    assert rises(after, before) == ()
    meals.update(kind="not-offered", cap=0)
    assert rises(before, after) == ()
    assert rises(after, before) == ("cap",)


def test_an_item_that_nobody_saw_has_risen() -> None:
    before, after = _snapshot(), _snapshot()
    before["lines"] = [line for line in before["lines"] if line["item"] != "meals"]
    assert rises(before, after) == ("cap",)
    assert rises(after, before) == ()


visits = st.fixed_dictionaries(
    {
        "level": st.sampled_from("ABC"),
        "host_rank": st.sampled_from(["director", "manager", "marketing"]),
        "guests": st.integers(1, 300),
        "nights": st.integers(0, 60),
        "companions": st.integers(0, 20),
        "planned": st.integers(0, 10**7),
        "bearer": st.sampled_from([_SALES, _SERVICE]),
    }
)


@given(visits, visits)
def test_what_needs_no_approval_costs_no_more_than_was_approved(one: Visit, other: Visit) -> None:
    before, after = _snapshot(**one), _snapshot(**other)
    if not rises(before, after):
        assert after["planned"] <= before["planned"]
        assert after["caps"] <= before["caps"]
        assert after["bearer"] == before["bearer"]


@given(visits, st.integers(0, 300), st.integers(0, 60), st.integers(0, 20), st.integers(0, 10**7))
def test_less_of_everything_needs_no_approval(
    visit: Visit, guests: int, nights: int, companions: int, cost: int
) -> None:
    less = {
        "guests": max(1, visit["guests"] - guests),
        "nights": max(0, visit["nights"] - nights),
        "companions": max(0, visit["companions"] - companions),
        "planned": max(0, visit["planned"] - cost),
    }
    assert rises(_snapshot(**visit), _snapshot(**{**visit, **less})) == ()
