"""Money is whole minor units of one currency."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.money import CurrencyMismatch, Money, total

minors = st.integers(0, 10**15)


@given(st.lists(minors))
def test_a_sum_is_exact(amounts: list[int]) -> None:
    assert total((Money(minor, "CNY") for minor in amounts), "CNY") == Money(sum(amounts), "CNY")


@given(minors, minors, st.integers(0, 10**4))
def test_times_and_plus_agree_and_keep_the_order(one: int, other: int, times: int) -> None:
    a, b = Money(one, "CNY"), Money(other, "CNY")
    assert (a + b) * times == a * times + b * times
    assert (a <= b) == (one <= other)
    assert (a > b) == (not a <= b)
    assert (a < b) == (b > a)
    assert (a >= b) == (b <= a)


@pytest.mark.parametrize("wrong", [1.0, True, "1", Fraction(1), None])
def test_what_is_no_whole_number_is_no_amount(wrong: object) -> None:
    with pytest.raises(TypeError):
        Money(wrong, "CNY")  # type: ignore[arg-type]


def test_nothing_is_below_zero() -> None:
    with pytest.raises(ValueError, match="zero or more"):
        Money(-1, "CNY")
    with pytest.raises(TypeError):
        Money(100, "CNY") * 0.5  # type: ignore[operator]


def test_two_currencies_are_never_mixed() -> None:
    yuan, euro = Money(1, "CNY"), Money(1, "EUR")
    for mixed in (lambda: yuan + euro, lambda: yuan < euro, lambda: yuan >= euro, lambda: total([yuan, euro], "CNY")):
        with pytest.raises(CurrencyMismatch):
            mixed()
    assert yuan != euro
