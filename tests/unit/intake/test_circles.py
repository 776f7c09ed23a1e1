"""No department above itself, no manager above themself, and nobody who ends up standing in for themself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.intake.directory.circles import is_own_manager, leads_back, stands_in_for_self
from services.intake.directory.model import Absence, Member

_MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
_IDS = [UUID(int=number) for number in range(1, 6)]
_ids = st.sampled_from(_IDS)


def _day(number: int) -> datetime:
    return _MONDAY + timedelta(days=number)


def _away(first: int, last: int | None, substitute: UUID | None = None) -> Absence:
    ends = None if last is None else _day(last)
    return Absence(UUID(int=100 + first), _day(first), ends, substitute)


def _people(**changes: dict[str, object]) -> dict[UUID, Member]:
    people = {id_: Member(id_, f"{id_.int}@example.com", "P", UUID(int=99)) for id_ in _IDS}
    for name, change in changes.items():
        id_ = _IDS[int(name[1:]) - 1]
        people[id_] = replace(people[id_], **change)  # type: ignore[arg-type]
    return people


def test_two_usual_substitutes_of_each_other_are_a_circle() -> None:
    people = _people(p1={"substitute_id": _IDS[1]}, p2={"substitute_id": _IDS[0]})
    assert stands_in_for_self(_IDS[0], people)


def test_two_may_stand_in_for_each_other_by_absences_unless_they_are_away_together() -> None:
    apart = _people(p1={"absences": (_away(0, 5, _IDS[1]),)}, p2={"absences": (_away(5, 9, _IDS[0]),)})
    together = _people(p1={"absences": (_away(0, 5, _IDS[1]),)}, p2={"absences": (_away(4, 9, _IDS[0]),)})
    assert not stands_in_for_self(_IDS[0], apart)
    assert stands_in_for_self(_IDS[0], together)


def test_three_who_are_never_all_away_are_no_circle() -> None:
    people = _people(
        p1={"absences": (_away(0, 4, _IDS[1]),)},
        p2={"absences": (_away(3, 8, _IDS[2]),)},
        p3={"absences": (_away(6, None, _IDS[0]),)},
    )
    assert not stands_in_for_self(_IDS[0], people)


@given(st.lists(st.tuples(_ids, st.none() | _ids), max_size=30))
def test_whatever_moves_are_tried_the_tree_stays_a_tree(moves: list[tuple[UUID, UUID | None]]) -> None:
    """Moves that would close a circle are refused; from everywhere the way up ends."""
    parents: dict[UUID, UUID | None] = dict.fromkeys(_IDS)
    for moved, parent in moves:
        if not leads_back(moved, {**parents, moved: parent}.get):
            parents[moved] = parent
    for start in _IDS:
        here, steps = parents[start], 0
        while here is not None:
            here, steps = parents[here], steps + 1
            assert steps <= len(_IDS)


_absences = st.builds(
    lambda first, length, substitute: _away(first, None if length == 0 else first + length, substitute),
    st.integers(0, 10),
    st.integers(0, 6),
    st.none() | _ids,
)
_changes = st.tuples(_ids, st.one_of(_absences, st.tuples(st.just("substitute"), st.none() | _ids)))


@given(st.lists(_changes, max_size=25))
def test_whatever_is_accepted_nobody_ever_stands_in_for_themself(changes: list[tuple[UUID, object]]) -> None:
    people = _people()
    for id_, change in changes:
        before = people[id_]
        if isinstance(change, Absence):
            if any(one.meets(change.starts, change.ends) for one in before.absences):
                continue
            after = replace(before, absences=(*before.absences, change))
        else:
            assert isinstance(change, tuple)
            after = replace(before, substitute_id=change[1])
        if not stands_in_for_self(id_, {**people, id_: after}):
            people[id_] = after
    for hour in range(0, 20 * 24, 12):
        at = _MONDAY + timedelta(hours=hour)
        for start in _IDS:
            seen, here = {start}, _stand_in(people, start, at)
            while here is not None:
                assert here not in seen, "they are all away and wait for each other"
                seen.add(here)
                here = _stand_in(people, here, at)


def _stand_in(people: dict[UUID, Member], id_: UUID, at: datetime) -> UUID | None:
    """Who stands in for somebody who is away then; None for who is here, or has nobody."""
    person = people[id_]
    for away in person.absences:
        if away.starts <= at and (away.ends is None or at < away.ends):
            return away.substitute_id or person.substitute_id
    return None


@given(st.dictionaries(_ids, _ids, max_size=5))
def test_managers_are_followed_to_the_end(managers: dict[UUID, UUID]) -> None:
    people = _people(**{f"p{id_.int}": {"manager_id": manager} for id_, manager in managers.items()})
    for start in _IDS:
        here, above = start, []
        while (here := managers.get(here)) is not None and here not in above:  # type: ignore[arg-type]
            above.append(here)
        assert is_own_manager(start, people) == (start in above)
