"""Quiet hours, caps, consent and usefulness, by category."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notify.policy.model import Facts, Verdict, category_now, decide, falls_back, may_repeat
from shared.kernel.categories import QUIET_HOURS
from tests.unit.notify.builders import MORNING, message

NIGHT = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
"""22:30 in Shanghai."""
WAKING = datetime(2026, 11, 26, 0, 0, tzinfo=UTC)
"""08:00 of the next day there."""


def _decide(now: datetime, facts: dict[str, Any] | None = None, **changes: Any) -> Verdict:
    known: dict[str, Any] = {"erased": False, "refused": frozenset(), "capped_today": 0, "acknowledgements": 0}
    return decide(
        message(**{"expires_at": now + timedelta(days=3), **changes}),
        Facts(**{**known, **(facts or {})}),
        now,
        quiet=QUIET_HOURS,
        cap=3,
        most_acknowledgements=3,
    )


@pytest.mark.parametrize(
    ("category", "verdict"),
    [
        ("urgent", Verdict("go")),
        ("answer", Verdict("go")),
        ("service", Verdict("defer", "quiet-hours", WAKING)),
        ("reminder", Verdict("defer", "quiet-hours", WAKING)),
        ("survey", Verdict("defer", "quiet-hours", WAKING)),
        ("marketing", Verdict("defer", "quiet-hours", WAKING)),
    ],
)
def test_at_night_only_urgent_messages_and_answers_go_out(category: str, verdict: Verdict) -> None:
    """NT-* rule over all: never in the customer's rest period."""
    assert _decide(NIGHT, category=category) == verdict


def test_the_night_is_that_of_the_recipient() -> None:
    assert _decide(NIGHT, zone="Europe/London").what == "go"
    assert _decide(MORNING, zone="America/Chicago").what == "go"  # 20:00 there
    assert _decide(MORNING, zone="America/New_York").what == "defer"  # 21:00 there


def test_staff_are_told_at_any_hour() -> None:
    assert _decide(NIGHT, recipient_kind="staff", channel="email") == Verdict("go")


def test_a_reminder_that_would_come_after_the_event_is_dropped_at_once() -> None:
    verdict = _decide(NIGHT, category="reminder", expires_at=WAKING - timedelta(hours=1))
    assert verdict == Verdict("expire", "quiet-hours")


def test_what_has_become_useless_is_not_sent() -> None:
    assert _decide(MORNING, expires_at=MORNING) == Verdict("expire", "useless")


@pytest.mark.parametrize(
    ("category", "what"), [("service", "go"), ("answer", "go"), ("reminder", "defer"), ("survey", "defer")]
)
def test_reminders_and_surveys_by_sms_are_capped_per_day(category: str, what: str) -> None:
    verdict = _decide(MORNING, {"capped_today": 3}, category=category)
    assert verdict.what == what
    if what == "defer":
        assert verdict == Verdict("defer", "cap", WAKING)
        assert _decide(MORNING, {"capped_today": 2}, category=category).what == "go"
        assert _decide(MORNING, {"capped_today": 9}, category=category, channel="email").what == "go"


@pytest.mark.parametrize(
    ("category", "refused", "stopped"),
    [
        ("urgent", {"*"}, False),
        ("answer", {"*"}, False),
        ("service", {"*"}, True),
        ("service", {"survey"}, False),
        ("reminder", {"*"}, True),
        ("survey", {"survey"}, True),
        ("survey", {"marketing"}, False),
        ("marketing", {"*"}, True),
    ],
)
def test_a_refusal_stops_what_consent_can_stop(category: str, refused: set[str], stopped: bool) -> None:
    verdict = _decide(MORNING, {"refused": frozenset(refused)}, category=category)
    assert verdict == (Verdict("suppress", "no-consent") if stopped else Verdict("go"))


def test_an_answering_machine_is_not_answered_for_ever() -> None:
    assert _decide(MORNING, {"acknowledgements": 3}, category="answer") == Verdict("suppress", "answering-machine")


def test_an_erased_party_gets_nothing_however_urgent() -> None:
    assert _decide(MORNING, {"erased": True}, category="urgent") == Verdict("suppress", "erased")
    assert _decide(MORNING, address=None, category="urgent") == Verdict("suppress", "erased")


def test_an_answer_is_one_only_within_half_an_hour() -> None:
    assert category_now("answer", MORNING, MORNING + timedelta(minutes=30)) == "answer"
    assert category_now("answer", MORNING, MORNING + timedelta(minutes=31)) == "service"
    assert category_now("survey", MORNING, MORNING + timedelta(days=1)) == "survey"


def test_only_urgent_messages_and_answers_are_repeated_and_only_some_fall_back() -> None:
    categories = ("urgent", "answer", "service", "reminder", "survey", "marketing")
    assert [c for c in categories if may_repeat(c)] == ["urgent", "answer"]
    assert [c for c in categories if falls_back(c)] == ["urgent", "answer", "service"]
