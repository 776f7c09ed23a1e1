"""The notice rules, walked row by row."""

from __future__ import annotations

import pytest

from services.notify.notices.audiences import fields_read
from services.notify.notices.model import Audience, Rule
from services.notify.notices.reactions import reactions
from services.notify.notices.rules import ENDINGS, RULES, WITHDRAWALS
from services.notify.service import service
from services.notify.templates.catalogue import templates
from shared.contracts.topics import TOPICS
from shared.kernel.categories import Category


def _name(rule: Rule) -> str:
    return rule.name


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_a_rule_reads_only_fields_that_its_event_has(rule: Rule) -> None:
    assert fields_read(rule) <= set(rule.event.model_fields)


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_a_rule_brings_exactly_what_its_template_declares(rule: Rule) -> None:
    template = templates()[rule.template]
    assert set(rule.values) == template.placeholders
    instants = {name for name, value in rule.values.items() if type(value).__name__ == "Instant"}
    assert instants == template.instants


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_a_rule_reaches_its_audience_by_a_channel_that_its_template_has(rule: Rule) -> None:
    """Guests and customers can be written to by SMS as well as by e-mail; staff by e-mail."""
    channels = templates()[rule.template].channels
    if Audience.PARTY in rule.audiences:
        assert rule.audiences == (Audience.PARTY,)
        assert channels == {"sms", "email"}
    else:
        assert "email" in channels


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_a_rule_names_a_category_and_an_age_beyond_which_it_starts_nothing(rule: Rule) -> None:
    assert rule.category in set(Category)
    assert rule.stale_after.total_seconds() > 0


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_only_surveys_ask_and_every_question_has_an_end(rule: Rule) -> None:
    assert (rule.asks_until is not None) == (rule.category == Category.SURVEY)


def test_every_event_that_a_row_names_is_reacted_to_and_read_by_notify() -> None:
    named = {row.event for row in (*RULES, *WITHDRAWALS, *ENDINGS)}
    assert {reaction.event for reaction in reactions()} == named
    for event in named:
        assert service.name in TOPICS[event.topic.name].consumers


def test_every_template_is_used_by_a_rule() -> None:
    assert {rule.template for rule in RULES} == set(templates())
