"""Amounts of money: whole minor units of one currency. Never a float, never two currencies in one sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class CurrencyMismatch(Exception):
    """Two amounts of different currencies were to be added or compared; there is no rate to do it by."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")
        self.one = one
        self.other = other


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` units (fen, cents) of `currency` (ISO 4217). Zero or more: what is paid back is another line."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        # A bool is an int and a float may look whole: neither is an amount.
        if type(self.minor) is not int:
            raise TypeError("an amount is a whole number of minor units")
        if self.minor < 0:
            raise ValueError("an amount is zero or more")

    def __add__(self, other: Money) -> Money:
        self._check(other)
        return Money(self.minor + other.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._check(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._check(other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    def _check(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of `amounts`; zero of `currency` where there are none. Raises CurrencyMismatch."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result
