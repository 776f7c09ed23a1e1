"""Planned lines against caps: nothing above a cap passes without an exemption that was granted for it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.budgets.model import BLOCKING, Exemption, Planned, check
from services.intake.standards.lines import Lines, Stay
from services.intake.standards.model import Cell, Item
from shared.kernel import clock
from shared.kernel.errors import Refused
from shared.kernel.money import Money
from tests.unit.intake.standard_sets import SOMEBODY, capped, lines_of, shipped_lines, stays

T1_B = shipped_lines("T1", "B", Stay(guests=2, nights=1))


def _yuan(amount: int, currency: str = "CNY") -> Money:
    return Money(amount * 100, currency)


def _exemption(lines: Lines, item: str, up_to: Money, **changes: object) -> Exemption:
    return replace(
        Exemption(
            id=UUID(int=1),
            visit_id=UUID(int=2),
            item=item,
            up_to=up_to,
            set_code=lines.set_code,
            edition=lines.edition,
            level=lines.level,
            host_rank=lines.host_rank,
            reason="a jubilee",
            state="granted",
            asked_by=SOMEBODY,
            asked_at=clock.now(),
        ),
        **changes,  # type: ignore[arg-type]
    )


def _findings(lines: Lines, *plan: Planned, exemptions: tuple[Exemption, ...] = ()) -> list[str]:
    return [line.finding for line in check(lines, plan, exemptions).lines]


@pytest.mark.parametrize(
    ("planned", "finding"),
    [
        (Planned("lodging", _yuan(600)), "within"),
        (Planned("lodging", Money(60001, "CNY")), "over"),
        (Planned("lodging", _yuan(300), quantity=1), "within"),
        (Planned("lodging", _yuan(301), quantity=1), "over"),  # one room, though two are counted
        (Planned("gift", _yuan(200), quantity=9), "within"),  # cheap ones, for more people than come
        (Planned("gift", _yuan(201), quantity=9), "over"),
        (Planned("breakfast", _yuan(1)), "over"),
        (Planned("breakfast", _yuan(0)), "within"),
        (Planned("meeting", _yuan(5000)), "open"),
        (Planned("car", _yuan(1)), "unconfirmed"),
        (Planned("yacht", _yuan(1)), "item-unknown"),
        (Planned("gift", _yuan(1, "EUR")), "currency"),
    ],
)
def test_a_planned_line_of_two_guests_for_a_night_at_t1_b(planned: Planned, finding: str) -> None:
    """AP-06, LV-04."""
    verdict = check(T1_B, [planned])
    assert [line.finding for line in verdict.lines] == [finding]
    assert bool(verdict.blocking) == (finding in BLOCKING)


def test_every_blocked_line_is_told_at_once_and_clear_ones_are_not() -> None:
    verdict = check(T1_B, [Planned("lodging", _yuan(900)), Planned("lunch", _yuan(80)), Planned("car", _yuan(50))])
    with pytest.raises(Refused) as refused:
        verdict.require_clear()
    assert refused.value.code == "budget-blocked"
    assert refused.value.expected == "no line that is blocked: lodging (over), car (unconfirmed)"
    assert verdict.planned == _yuan(1030)
    check(T1_B, [Planned("lunch", _yuan(80))]).require_clear()


def test_bottles_need_a_number() -> None:
    item, cell = (
        Item(code="x", names={"zh": "酒", "en": "wine"}),
        Cell(  # type: ignore[arg-type]
            item="x", level="L1", kind="cap", upper=150_00, basis="bottle"
        ),
    )
    lines = lines_of(item, cell, Stay(2, 0))
    assert _findings(lines, Planned("x", _yuan(150))) == ["count-missing"]
    assert _findings(lines, Planned("x", _yuan(300), quantity=2)) == ["within"]
    assert _findings(lines, Planned("x", _yuan(301), quantity=2)) == ["over"]


def test_an_exemption_covers_its_item_up_to_its_amount_under_what_it_was_asked_for() -> None:
    """LV-04."""
    plan = Planned("lodging", _yuan(800))
    granted = _exemption(T1_B, "lodging", _yuan(800))
    assert _findings(T1_B, plan, exemptions=(granted,)) == ["exempt"]
    for useless in (
        replace(granted, up_to=_yuan(799)),
        replace(granted, item="gift"),
        replace(granted, edition=2),
        replace(granted, set_code="T2"),
        replace(granted, level="C"),
        replace(granted, host_rank="director"),
        replace(granted, up_to=_yuan(800, "EUR")),
        *(replace(granted, state=state) for state in ("asked", "refused", "withdrawn")),
    ):
        assert _findings(T1_B, plan, exemptions=(useless,)) == ["over"], useless


def test_an_exemption_covers_the_lines_of_its_item_together() -> None:
    plan = [Planned("lodging", _yuan(400)), Planned("lodging", _yuan(400))]
    for up_to, findings in ((800, ["exempt"] * 2), (799, ["over"] * 2)):
        granted = _exemption(T1_B, "lodging", _yuan(up_to))
        assert _findings(T1_B, *plan, exemptions=(granted,)) == findings


def test_an_exemption_lets_no_unclear_cell_through() -> None:
    plan = Planned("car", _yuan(800))
    assert _findings(T1_B, plan, exemptions=(_exemption(T1_B, "car", _yuan(800)),)) == ["unconfirmed"]


amounts = st.integers(0, 10**12).map(lambda minor: Money(minor, "CNY"))


@given(capped(), stays, amounts, st.none() | st.integers(1, 1000))
def test_what_passes_is_never_above_the_cap_and_what_is_above_never_passes(
    drawn: tuple[Item, Cell], stay: Stay, amount: Money, quantity: int | None
) -> None:
    (line,) = check(lines_of(*drawn, stay), [Planned("x", amount, quantity)]).lines
    if line.cap is None:
        assert line.finding == "count-missing"
    else:
        assert (line.finding == "within") == (amount <= line.cap)


@given(capped(), stays, amounts, amounts)
def test_planning_less_never_blocks_and_a_higher_cap_never_blocks(
    drawn: tuple[Item, Cell], stay: Stay, one: Money, other: Money
) -> None:
    item, cell = drawn
    less, more = sorted((one, other))
    lines = lines_of(item, cell, stay)
    if _findings(lines, Planned("x", more)) == ["within"]:
        assert _findings(lines, Planned("x", less)) == ["within"]
        higher = cell.model_copy(update={"upper": (cell.upper or 0) + 1})
        assert _findings(lines_of(item, higher, stay), Planned("x", more)) == ["within"]


@given(capped(), stays, st.lists(amounts, min_size=1, max_size=6))
def test_splitting_a_line_gains_nothing(drawn: tuple[Item, Cell], stay: Stay, parts: list[Money]) -> None:
    lines = lines_of(*drawn, stay)
    whole = Money(sum(part.minor for part in parts), "CNY")
    if _findings(lines, Planned("x", whole)) == ["over"]:
        assert set(_findings(lines, *(Planned("x", part) for part in parts))) == {"over"}


@given(capped(), stays, amounts, amounts)
def test_an_exemption_never_covers_more_than_its_amount(
    drawn: tuple[Item, Cell], stay: Stay, planned: Money, up_to: Money
) -> None:
    lines = lines_of(*drawn, stay)
    (line,) = check(lines, [Planned("x", planned)], [_exemption(lines, "x", up_to)]).lines
    if line.finding == "exempt":
        assert line.cap is not None
        assert line.cap < planned <= up_to


def test_a_quantity_is_one_or_more() -> None:
    with pytest.raises(ValueError, match="one or more"):
        Planned("gift", _yuan(1), quantity=0)
