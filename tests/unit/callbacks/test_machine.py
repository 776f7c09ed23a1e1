"""A callback's machine, walked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args
from uuid import uuid4

import pytest

from services.callbacks.callbacks.model import (
    INSIDE_WINDOW,
    LAST_ATTEMPT,
    MACHINE,
    OPEN_STATES,
    WORSE,
    Callback,
    Outcome,
    answer_facts,
    attempt_facts,
    callback_id,
)
from services.callbacks.callbacks.schemas import State
from shared.kernel.errors import Refused

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
WINDOW = timedelta(days=30)

ALLOWED = {
    "planned": {"fall-due", "no-contact", "opted-out", "refuse", "give-up", "cancel", "supersede"},
    "due": {
        *("ask", "fail", "answer", "unclear", "expire", "reach", "miss", "appoint", "complete", "wrong-person"),
        *("refuse", "give-up", "cancel", "supersede"),
    },
    "appointed": {"reach", "miss", "wrong-person", "refuse", "give-up", "cancel", "supersede"},
    "in_progress": {
        *("fail", "answer", "unclear", "expire", "miss", "appoint", "complete", "wrong-person"),
        *("refuse", "give-up", "cancel", "supersede"),
    },
    "unreached": {
        *("fall-due", "no-contact", "opted-out", "answer", "unclear", "refuse", "give-up", "cancel", "supersede"),
    },
    "given_up": {"answer", "unclear"},
    "completed": {"answer"},
    "refused": set(),
    "wrong_person": set(),
    "cancelled": set(),
    "superseded": set(),
}


def callback(**changes: object) -> Callback:
    """A planned callback about a ticket."""
    values: dict[str, object] = {
        "id": uuid4(),
        "rule": "complaint-resolved",
        "subject_kind": "ticket",
        "subject_id": uuid4(),
        "subject_number": "C-1",
        "occasion": 1,
        "party_id": uuid4(),
        "address_id": None,
        "mode": "message",
        "state": "planned",
        "attempt": 0,
        "due": NOW,
        "latest": NOW,
        "priority": 1,
        "planned_at": NOW,
    }
    return Callback(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("state", "command"), list(product(sorted(MACHINE.states), sorted(MACHINE.commands))))
def test_every_pair_of_state_and_command_is_allowed_by_the_table_or_refused_with_what_is_allowed(
    state: str, command: str
) -> None:
    facts = {LAST_ATTEMPT, INSIDE_WINDOW, WORSE}
    if command in ALLOWED[state]:
        assert MACHINE.step(state, command, facts).target in MACHINE.states
        return
    with pytest.raises(Refused) as refused:
        MACHINE.step(state, command, facts)
    assert refused.value.code == "callback-state"
    assert all(allowed in str(refused.value.expected) for allowed in ALLOWED[state])


def test_the_table_the_api_and_this_test_know_the_same_states() -> None:
    assert MACHINE.states == set(ALLOWED) == set(get_args(State))


@pytest.mark.parametrize("state", OPEN_STATES)
def test_an_open_callback_ends_when_its_subject_turns(state: str) -> None:
    assert MACHINE.step(state, "cancel").target == "cancelled"
    assert MACHINE.step(state, "supersede").target == "superseded"


@pytest.mark.parametrize("state", sorted(MACHINE.states - set(OPEN_STATES)))
def test_an_ended_callback_is_left_only_by_an_answer_inside_the_window(state: str) -> None:
    for command in ("answer", "unclear"):
        with pytest.raises(Refused):
            MACHINE.step(state, command)


@pytest.mark.parametrize(("state", "command"), [("due", "fail"), ("in_progress", "fail"), ("due", "miss")])
def test_a_missed_attempt_is_followed_by_another_and_the_last_one_by_giving_up(state: str, command: str) -> None:
    assert MACHINE.step(state, command).target == "unreached"
    assert MACHINE.step(state, command, {LAST_ATTEMPT}).target == "given_up"


@pytest.mark.parametrize(("attempt", "last"), [(1, False), (2, False), (3, True), (4, True)])
def test_the_third_attempt_is_the_last_of_three(attempt: int, last: bool) -> None:
    assert (LAST_ATTEMPT in attempt_facts(callback(attempt=attempt), 3)) is last


@pytest.mark.parametrize(
    ("before", "now", "days", "expected"),
    [
        (None, "satisfied", 29, {INSIDE_WINDOW}),
        (None, "dissatisfied", 30, {INSIDE_WINDOW, WORSE}),
        (None, "dissatisfied", 31, set()),
        ("satisfied", "dissatisfied", 1, {INSIDE_WINDOW, WORSE}),
        ("neutral", "dissatisfied", 1, {INSIDE_WINDOW, WORSE}),
        ("dissatisfied", "dissatisfied", 1, {INSIDE_WINDOW}),
        ("dissatisfied", "satisfied", 1, {INSIDE_WINDOW}),
        ("satisfied", None, 1, {INSIDE_WINDOW}),
    ],
)
def test_an_answer_after_the_end_is_weighed_by_the_window_and_what_stands(
    before: Outcome | None, now: Outcome | None, days: int, expected: set[str]
) -> None:
    """A late answer inside the reopen window still counts."""
    ended = callback(state="given_up", outcome=before, ended_at=NOW)
    assert answer_facts(ended, now, NOW + timedelta(days=days), WINDOW) == expected


def test_the_same_occasion_makes_the_same_id_and_another_another() -> None:
    subject = uuid4()
    assert callback_id("rule", subject, 1) == callback_id("rule", subject, 1)
    assert (
        len({callback_id("rule", subject, 1), callback_id("rule", subject, 2), callback_id("other", subject, 1)}) == 3
    )
