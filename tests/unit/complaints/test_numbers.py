"""Ticket numbers that people can read out."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from services.complaints.tickets.model import ticket_number
from shared.kernel.ids import has_valid_check_digit

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)


def test_a_number_has_the_year_a_serial_and_a_check_digit() -> None:
    """CP-01."""
    number = ticket_number(123, _NOON, _SHANGHAI)
    assert number.startswith("T-2026-0000123-")
    assert len(number) == len("T-2026-0000123-7")
    assert has_valid_check_digit(number)


def test_the_year_is_the_companys() -> None:
    new_year = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    assert ticket_number(1, new_year, _SHANGHAI).startswith("T-2027-")
    assert ticket_number(1, new_year, ZoneInfo("UTC")).startswith("T-2026-")


@given(st.integers(1, 9_999_999), st.integers(0, 30), st.integers(0, 9))
def test_one_digit_misheard_is_noticed(serial: int, place: int, heard: int) -> None:
    number = ticket_number(serial, _NOON, _SHANGHAI)
    place %= len(number)
    assume(number[place].isdigit() and number[place] != str(heard))
    assert not has_valid_check_digit(number[:place] + str(heard) + number[place + 1 :])
