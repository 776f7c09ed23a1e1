"""A level is proposed by the set's rules and judged by a person."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.levels.model import ORGANISATIONS, Evidence, Proposed, check_judgement, propose
from services.intake.standards.kinds import Organisation
from services.intake.standards.shipped import shipped
from shared.kernel.errors import Refused
from tests.unit.intake.standard_sets import outline

CODES = sorted(shipped())
TITLES = [
    "总经理",
    "副总经理",
    "总经理助理",
    "部门经理",
    "业务员",
    "General Manager",
    "Vice President",
    "CEO",
    "Leader",
    "",
]

evidence = st.builds(
    Evidence,
    titles=st.lists(st.sampled_from(TITLES), max_size=4).map(tuple),
    organisation=st.none() | st.sampled_from(sorted(ORGANISATIONS)),
    customer_class=st.sampled_from([None, "vip", "core", "potential", "regular"]),
    guests=st.integers(1, 500),
)


def _rank(code: str, level: str) -> int:
    return next(each.rank for each in shipped()[code].outline.levels if each.code == level)


@pytest.mark.parametrize(
    ("code", "known", "level", "because"),
    [
        ("T1", Evidence(titles=("业务员",)), "A", ()),
        ("T1", Evidence(titles=("销售总监",)), "B", ("title",)),
        ("T1", Evidence(titles=("业务员", "董事长")), "C", ("title",)),
        ("T1", Evidence(titles=("副总经理",)), "B", ("title",)),
        ("T1", Evidence(titles=("总经理助理",)), "A", ()),
        ("T1", Evidence(titles=("GENERAL MANAGER",)), "C", ("title",)),
        ("T1", Evidence(titles=("Ｇｅｎｅｒａｌ Ｍａｎａｇｅｒ",)), "C", ("title",)),
        ("T1", Evidence(titles=("Assistant to the General Manager",)), "A", ()),
        ("T1", Evidence(customer_class="vip"), "C", ("customer-class",)),
        ("T1", Evidence(guests=20), "B", ("guests",)),
        ("T1", Evidence(guests=19), "A", ()),
        ("T2", Evidence(customer_class="vip"), "A", ("customer-class",)),
        ("T2", Evidence(organisation="national-institute"), "A", ("organisation",)),
        ("T2", Evidence(titles=("教授",)), "B", ("title",)),
        ("T2", Evidence(titles=("Team Lead",)), "C", ("title",)),
        ("T2", Evidence(titles=("Leaderboard clerk",)), "D", ()),
        ("T2", Evidence(), "D", ()),
        ("T3", Evidence(organisation="provincial-government"), "A", ("organisation",)),
        ("T3", Evidence(organisation="city-government", titles=("办事员",)), "B", ("organisation",)),
        ("T3", Evidence(titles=("办事员",)), "C", ()),
    ],
)
def test_the_rules_propose(code: str, known: Evidence, level: str, because: tuple[str, ...]) -> None:
    """VR-04: by title, kind of organisation, class of customer, head-count."""
    proposed = propose(shipped()[code].outline, known)
    assert (proposed.level, proposed.because) == (level, because)


def test_all_that_a_rule_names_must_hold() -> None:
    both = outline(proposals=[{"level": "L2", "organisations": ["bank"], "guests_from": 5}])
    assert propose(both, Evidence(organisation="bank", guests=5)) == Proposed("L2", 0, ("organisation", "guests"))
    for less in (Evidence(organisation="bank", guests=4), Evidence(organisation="company", guests=5), Evidence()):
        assert propose(both, less) == Proposed("L1", None, ())


@given(st.sampled_from(CODES), evidence, st.sampled_from(TITLES), st.integers(0, 100))
def test_one_more_guest_or_title_never_lowers_the_proposal(code: str, known: Evidence, title: str, more: int) -> None:
    whole = shipped()[code].outline
    grown = replace(known, titles=(*known.titles, title), guests=known.guests + more)
    assert _rank(code, propose(whole, grown).level) >= _rank(code, propose(whole, known).level)


@given(st.sampled_from(CODES), evidence)
def test_a_proposal_is_always_a_level_of_the_set_and_says_why(code: str, known: Evidence) -> None:
    proposed = propose(shipped()[code].outline, known)
    assert _rank(code, proposed.level) >= 1
    assert (proposed.row is None) == (proposed.because == ())


def test_a_judgement_other_than_the_proposal_needs_a_reason() -> None:
    t3 = shipped()["T3"].outline
    proposed = Proposed("B", 2, ("organisation",))
    check_judgement(t3, proposed, "B", "manager", None)
    check_judgement(shipped()["T2"].outline, Proposed("B", 2, ("title",)), "B", None, None)
    check_judgement(t3, proposed, "A", "director", "an old friend of the house")
    for level, rank, reason, code in (
        ("A", "manager", None, "reason-missing"),
        ("A", "manager", "", "reason-missing"),
        ("D", "manager", "because", "level-unknown"),
        ("B", None, None, "host-rank-unknown"),
        ("B", "king", None, "host-rank-unknown"),
    ):
        with pytest.raises(Refused) as refused:
            check_judgement(t3, proposed, level, rank, reason)
        assert (refused.value.code, refused.value.status) == (code, 422)


def test_shipped_rules_name_kinds_of_organisation_that_there_are() -> None:
    for one in shipped().values():
        assert {kind for rule in one.outline.proposals for kind in rule.organisations} <= set(ORGANISATIONS)
    assert set(ORGANISATIONS) == set(get_args(Organisation))
    assert all(chinese and english for chinese, english in ORGANISATIONS.values())
