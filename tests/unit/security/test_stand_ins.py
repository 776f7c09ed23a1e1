"""Who acts for whom: always somebody who is here, never a circle."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.events.staff_changed import Absence, StaffChanged
from shared.security.caller import barred
from shared.security.directory import is_here, stand_in

_NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
_DAY = timedelta(days=1)
_AWAY = Absence(starts=_NOW - _DAY, ends=_NOW + _DAY)
_PEOPLE = [UUID(int=number) for number in range(1, 7)]


def _person(number: int, **more: Any) -> StaffChanged:
    id_ = _PEOPLE[number - 1]
    return StaffChanged(staff_id=id_, name="P", email=f"{number}@example.com", department_id=UUID(int=99), **more)


def _acting(people: list[StaffChanged], number: int) -> int | None:
    known = {person.staff_id: person for person in people}

    async def look(staff_id: UUID) -> StaffChanged | None:
        return known.get(staff_id)

    found = asyncio.run(stand_in(look, _PEOPLE[number - 1], _NOW))
    return None if found is None else found.staff_id.int


def test_the_absence_s_substitute_comes_before_the_usual_one_and_the_manager_last() -> None:
    special = Absence(starts=_NOW, substitute_id=_PEOPLE[1])
    away = _person(1, absences=(special,), substitute_id=_PEOPLE[2], manager_id=_PEOPLE[3])
    others = [_person(number) for number in (2, 3, 4)]
    assert _acting([away, *others], 1) == 2
    assert _acting([away, *others[1:]], 1) == 3
    assert _acting([away, others[2]], 1) == 4
    assert _acting([away], 1) is None


def test_a_substitute_who_is_away_too_hands_on_before_the_manager_is_asked() -> None:
    away = _person(1, absences=(_AWAY,), substitute_id=_PEOPLE[1], manager_id=_PEOPLE[3])
    also = _person(2, absences=(_AWAY,), substitute_id=_PEOPLE[2])
    assert _acting([away, also, _person(3), _person(4)], 1) == 3


def test_two_who_stand_in_for_each_other_and_are_away_leave_it_to_the_manager() -> None:
    one = _person(1, absences=(_AWAY,), substitute_id=_PEOPLE[1])
    other = _person(2, absences=(_AWAY,), substitute_id=_PEOPLE[0], manager_id=_PEOPLE[2])
    assert _acting([one, other, _person(3)], 1) == 3
    assert _acting([one, other], 1) is None


def test_a_copy_of_before_version_2_is_still_understood() -> None:
    assert not is_here(_person(1, absent_from=_NOW), _NOW)
    assert is_here(_person(1, absent_from=_NOW - _DAY, absent_until=_NOW), _NOW)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, None),
        ({"active": False, "locked": True}, "account-inactive"),
        ({"locked": True}, "account-locked"),
        ({"absences": (_AWAY,)}, "account-absent"),
        ({"absences": (Absence(starts=_NOW - 2 * _DAY, ends=_NOW),)}, None),
    ],
)
def test_who_has_left_is_locked_or_absent_has_no_access(more: dict[str, Any], code: str | None) -> None:
    assert barred(_person(1, **more), _NOW) == code
    assert is_here(_person(1, **more), _NOW) == (code is None)


_somebody = st.none() | st.sampled_from(_PEOPLE)


@st.composite
def _houses(draw: st.DrawFn) -> list[StaffChanged]:
    absence = st.builds(
        Absence,
        starts=st.sampled_from([_NOW - _DAY, _NOW, _NOW + _DAY]),
        ends=st.sampled_from([None, _NOW + 2 * _DAY]),
        substitute_id=_somebody,
    )
    return [
        _person(
            number,
            substitute_id=draw(_somebody),
            manager_id=draw(_somebody),
            absences=tuple(draw(st.lists(absence, max_size=2))),
            active=draw(st.booleans()),
            locked=draw(st.booleans()),
        )
        for number in range(1, len(_PEOPLE) + 1)
    ]


@given(_houses(), st.integers(1, len(_PEOPLE)))
def test_whoever_points_at_whom_it_ends_with_somebody_here_or_with_nobody_reachable(
    house: list[StaffChanged], number: int
) -> None:
    found = _acting(house, number)
    known = {person.staff_id.int: person for person in house}
    if found is not None:
        assert is_here(known[found], _NOW)
        return
    reached, waiting = set(), [number]
    while waiting:
        person = known[waiting.pop()]
        if person.staff_id.int in reached:
            continue
        reached.add(person.staff_id.int)
        now = [away.substitute_id for away in person.absences if away.starts <= _NOW][:1]
        waiting += [id_.int for id_ in (*now, person.substitute_id, person.manager_id) if id_ is not None]
    assert not [one for one in reached if is_here(known[one], _NOW)], "somebody who is here was passed over"
