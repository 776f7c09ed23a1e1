"""How long a reply and a solution may take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.complaints.deadlines import policies
from services.complaints.settings import ComplaintsSettings
from services.complaints.tickets.categories import DEFAULT_CATEGORIES, Categories, Category

_FRIDAY = datetime(2026, 11, 20, 3, tzinfo=UTC)  # 11:00 in Shanghai
_HOUR = timedelta(hours=1)


def test_first_reply_and_solution_are_owed_within_a_day_and_warned_of_at_half() -> None:
    """KP-08."""
    company = ComplaintsSettings()
    for terms in (policies.first_reply(company, phone_present=False), policies.solution(company, "other")):
        instants = terms.instants(_FRIDAY)
        assert instants.due_at == _FRIDAY + 24 * _HOUR
        assert instants.warn_at == _FRIDAY + 12 * _HOUR


def test_a_written_complaint_with_a_phone_number_is_replied_to_at_once() -> None:
    """IN-07."""
    instants = policies.first_reply(ComplaintsSettings(), phone_present=True).instants(_FRIDAY)
    assert instants.due_at == _FRIDAY + _HOUR / 2


def test_a_repair_is_owed_within_three_working_days() -> None:
    """CP-10: Friday, so Wednesday at the same time of day."""
    instants = policies.solution(ComplaintsSettings(), "repair").instants(_FRIDAY)
    assert instants.due_at == _FRIDAY + timedelta(days=5)


def test_a_policy_is_changed_by_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_COMPLAINTS_SOLUTION", "PT10S")
    terms = policies.solution(ComplaintsSettings(), "other")
    assert terms.instants(_FRIDAY).due_at == _FRIDAY + timedelta(seconds=10)


def test_a_category_inherits_its_parents_policy() -> None:
    below = Category(code="pump", parent="repair", names={"en": "Pumps"})
    tree = Categories((*DEFAULT_CATEGORIES, below))
    assert tree.solution_policy("pump") == "repair"
    assert tree.solution_policy("product") == "standard"


@pytest.mark.parametrize(
    "broken",
    [
        (Category(code="a", names={}), Category(code="a", names={})),
        (Category(code="a", parent="b", names={}),),
        (Category(code="a", parent="b", names={}), Category(code="b", parent="a", names={})),
    ],
    ids=["twice", "no parent", "circle"],
)
def test_a_broken_tree_is_refused_at_the_start(broken: tuple[Category, ...]) -> None:
    with pytest.raises(ValueError, match="categor"):
        Categories(broken)


def test_a_default_category_outside_the_tree_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_COMPLAINTS_DEFAULT_CATEGORY", "nonsense")
    with pytest.raises(ValueError, match="DEFAULT_CATEGORY"):
        ComplaintsSettings()
