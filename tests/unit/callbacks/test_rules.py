"""The rule table, walked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.callbacks.callbacks.reactions import REACTIONS
from services.callbacks.rules.catalogue import COMPLAINT_RESOLVED, RULES, VISIT_DEPARTED
from services.callbacks.rules.model import Exclusion, Person, Rule, exclusion_of
from services.callbacks.settings import CallbacksSettings
from shared.contracts.topics import CALLBACKS

HANDLER, OTHER, ACCUSED = UUID(int=1), UUID(int=2), UUID(int=3)
REPAIR, SALES = UUID(int=11), UUID(int=12)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.kind)
def test_every_rule_names_fields_of_its_trigger_a_setting_and_a_source(rule: Rule) -> None:
    """CB-01, CB-04: a rule is data; what it names must be there."""
    fields = set(rule.trigger.model_fields)
    named = {
        rule.anchor,
        rule.subject,
        rule.occasion,
        rule.handler,
        rule.department,
        rule.number,
        rule.major,
        rule.accused,
    }
    assert named - {None} <= fields
    assert {"party_id", "address_id"} <= fields
    assert isinstance(CallbacksSettings().delay(rule.delay), timedelta)
    assert rule.sources


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.kind)
def test_no_rule_is_triggered_by_a_callback(rule: Rule) -> None:
    """No callback has a callback as its subject."""
    assert rule.trigger.topic is not CALLBACKS


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.kind)
def test_every_rule_has_one_reaction_that_knows_when_it_is_too_late_to_begin(rule: Rule) -> None:
    """What starts a callback names an age beyond which it starts nothing."""
    (reaction,) = [reaction for reaction in REACTIONS if reaction.event is rule.trigger]
    assert reaction.stale_after == rule.stale_after > timedelta(days=3)


def test_a_complaint_is_called_back_within_three_days_of_its_resolution_also_where_the_clock_is_put_forward() -> None:
    """CB-04: three calendar days of the party's own zone."""
    resolved = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
    assert COMPLAINT_RESOLVED.deadline(resolved, ZoneInfo("Asia/Shanghai")) == resolved + timedelta(days=3)
    in_berlin = COMPLAINT_RESOLVED.deadline(resolved, ZoneInfo("Europe/Berlin"))
    assert in_berlin == resolved + timedelta(days=3, hours=-1)


def test_the_default_delay_of_a_complaint_lies_before_its_deadline() -> None:
    """CB-04."""
    assert CallbacksSettings().complaint_delay < timedelta(days=3)


def test_a_major_complaint_is_asked_by_phone_and_another_by_message() -> None:
    """CB-02."""
    assert COMPLAINT_RESOLVED.mode_for(major=True) == "phone"
    assert COMPLAINT_RESOLVED.mode_for(major=False) == "message"


def test_a_visit_is_counted_from_the_arrival_home() -> None:
    """CB-01, VR-23."""
    assert VISIT_DEPARTED.anchor == "home_arrival"


@pytest.mark.parametrize(
    ("excluded", "person", "expected"),
    [
        ({Exclusion.HANDLER}, Person(HANDLER, SALES, "sales"), Exclusion.HANDLER),
        ({Exclusion.HANDLER}, Person(OTHER, REPAIR, "repair"), None),
        ({Exclusion.RESPONSIBLE_DEPARTMENT}, Person(OTHER, REPAIR, "repair"), Exclusion.RESPONSIBLE_DEPARTMENT),
        ({Exclusion.RESPONSIBLE_DEPARTMENT}, Person(HANDLER, SALES, "sales"), None),
        ({Exclusion.MARKETING}, Person(OTHER, SALES, "sales"), Exclusion.MARKETING),
        ({Exclusion.MARKETING}, Person(OTHER, REPAIR, None), None),
        (set(), Person(HANDLER, REPAIR, "sales"), None),
        (set(), Person(ACCUSED, REPAIR, None), Exclusion.ACCUSED),
    ],
)
def test_a_rule_excludes_whom_it_says_and_nobody_else(
    excluded: set[Exclusion], person: Person, expected: Exclusion | None
) -> None:
    """CB-12: done by people without an interest in the result."""
    rule = replace(COMPLAINT_RESOLVED, excluded=frozenset(excluded))
    found = exclusion_of(
        rule,
        person,
        accused_ids=(ACCUSED,),
        handler_id=HANDLER,
        responsible_department_id=REPAIR,
        marketing_departments=frozenset({"sales"}),
    )
    assert found == expected


def test_a_handler_never_calls_back_about_the_own_complaint() -> None:
    """CB-02."""
    assert Exclusion.HANDLER in COMPLAINT_RESOLVED.excluded
