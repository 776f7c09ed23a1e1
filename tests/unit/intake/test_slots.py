"""Slots of an offer from a calendar: holidays, breaks, clocks that change, places that overlap."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.intake.appointments.model import Offer, Place, days, free_places, slot_at, slots
from services.intake.standards.model import Words
from shared.kernel.calendar import Calendar, Period

_BERLIN = ZoneInfo("Europe/Berlin")
_MONDAY = date(2026, 12, 7)
_NOW = datetime(2026, 12, 1, tzinfo=UTC)
_DAY = (Period(time(9), time(12)), Period(time(13), time(14, 10)))
_WORK = Calendar(_BERLIN, dict.fromkeys(range(5), _DAY))


def _offer(**changes: object) -> Offer:
    values: dict[str, object] = {
        "code": "service",
        "department_id": uuid4(),
        "host_id": uuid4(),
        "names": Words(zh="保养", en="Service"),
        "minutes": 30,
        "places": 1,
        "days_ahead": 30,
        "notice_minutes": 60,
        "asks_plate": False,
    }
    return Offer(**{**values, **changes})  # type: ignore[arg-type]


def _clock(at: datetime) -> str:
    return at.astimezone(_BERLIN).strftime("%H:%M")


def test_slots_fill_each_span_and_what_is_too_short_for_one_is_none() -> None:
    found = [_clock(slot.starts) for slot in slots(_offer(), _WORK, _MONDAY, (), _NOW)]
    assert found == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "13:00", "13:30"]


def test_days_off_have_no_slots_and_too_near_ones_are_gone() -> None:
    assert slots(_offer(), _WORK, date(2026, 12, 6), (), _NOW) == []
    now = datetime(2026, 12, 7, 9, 20, tzinfo=_BERLIN)
    assert _clock(slots(_offer(), _WORK, _MONDAY, (), now)[0].starts) == "10:30"


def test_the_last_day_is_so_many_days_ahead_by_the_clocks_of_the_place() -> None:
    late = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
    assert days(_offer(days_ahead=2), _WORK, late) == [date(2026, 12, day) for day in (2, 3, 4)]


def test_a_slot_begins_where_slots_begin_and_nowhere_else() -> None:
    nine = datetime(2026, 12, 7, 9, tzinfo=_BERLIN)
    assert slot_at(_offer(), _WORK, nine, _NOW) == (nine, nine + timedelta(minutes=30))
    assert slot_at(_offer(), _WORK, nine + timedelta(minutes=10), _NOW) is None
    assert slot_at(_offer(), _WORK, nine + timedelta(days=60), _NOW) is None
    assert slot_at(_offer(), _WORK, nine - timedelta(days=7), _NOW) is None


def test_slots_of_a_night_in_which_the_clocks_change() -> None:
    night = Calendar(_BERLIN, {6: (Period(time(1), time(4)),)})
    spring, autumn = date(2027, 3, 28), date(2027, 10, 31)
    now = datetime(2027, 3, 20, tzinfo=UTC)
    assert [_clock(each.starts) for each in slots(_offer(minutes=60), night, spring, (), now)] == ["01:00", "03:00"]
    found = slots(_offer(minutes=60), night, autumn, (), now)
    assert [_clock(each.starts) for each in found] == ["01:00", "02:00", "02:00", "03:00"]
    assert len({each.starts for each in found}) == 4


@given(
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.integers(0, 3)), max_size=12),
    st.integers(0, 40),
    st.integers(1, 12),
)
def test_a_free_place_is_free_at_every_moment(
    places: int, taken: list[tuple[int, int, int]], start: int, length: int
) -> None:
    """Places may overlap in any way, after slots became longer or shorter."""

    def at(quarter: int) -> datetime:
        return _NOW + timedelta(minutes=15 * quarter)

    held = [Place(at(begin), at(begin + span), place) for begin, span, place in taken]
    free = free_places(_offer(places=places), at(start), at(start + length), held)
    busy = {(quarter, one[2]) for one in taken for quarter in range(one[0], one[0] + one[1])}
    for place in range(places):
        quiet = all((quarter, place) not in busy for quarter in range(start, start + length))
        assert (place in free) == quiet
