"""Who gets the next ticket (CB-05)."""

from __future__ import annotations

from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.complaints.tickets.model import Candidate, choose

_candidates = st.lists(
    st.builds(Candidate, st.uuids(), st.integers(0, 20), st.integers(0, 40)), max_size=12, unique_by=lambda c: c.id
)


def _share(candidate: Candidate) -> Fraction:
    return Fraction(candidate.weight, candidate.open + 1)


@given(_candidates, st.randoms())
def test_the_highest_weight_per_open_ticket_gets_it_whatever_the_order(people: list[Candidate], random) -> None:
    """CB-05: highest weight ÷ (open + 1), ties by id; weight 0 takes nothing new."""
    chosen = choose(people)
    able = [one for one in people if one.weight > 0]
    if not able:
        assert chosen is None
        return
    best = max(_share(one) for one in able)
    assert chosen == min(one.id for one in able if _share(one) == best)
    random.shuffle(people)
    assert choose(people) == chosen


@given(st.integers(1, 9), st.integers(1, 9), st.integers(20, 60))
def test_over_time_each_has_a_share_by_weight(first: int, second: int, tickets: int) -> None:
    """CB-05: balanced count × ability."""
    on_desk = {UUID(int=1): 0, UUID(int=2): 0}
    weights = {UUID(int=1): first, UUID(int=2): second}
    for _ in range(tickets):
        chosen = choose([Candidate(id_, weights[id_], on_desk[id_]) for id_ in on_desk])
        assert chosen is not None
        on_desk[chosen] += 1
    fair = tickets * first / (first + second)
    assert abs(on_desk[UUID(int=1)] - fair) <= 1
