"""The message's machine, walked."""

from __future__ import annotations

import pytest

from services.notify.messages.api import State
from services.notify.messages.model import ENDS, MESSAGE, PENDING, masked
from shared.contracts.events.message_failed import MessageFailed
from shared.kernel.errors import Refused

PAIRS = [(state, command) for state in sorted(MESSAGE.states) for command in sorted(MESSAGE.commands)]


@pytest.mark.parametrize(("state", "command"), PAIRS)
def test_every_pair_that_is_not_in_the_table_is_refused(state: str, command: str) -> None:
    rows = [row for row in MESSAGE.transitions if (row.source, row.command) == (state, command)]
    if rows:
        facts = {row.guard for row in rows if row.guard}
        assert MESSAGE.step(state, command, facts) in rows
    else:
        with pytest.raises(Refused, match="message-state"):
            MESSAGE.step(state, command)


def test_a_doubt_is_repeated_only_where_its_category_allows() -> None:
    with pytest.raises(Refused):
        MESSAGE.step("in_doubt", "begin")
    assert MESSAGE.step("in_doubt", "begin", {"repeatable"}).target == "sending"


def test_from_every_state_that_is_no_end_something_leads_out() -> None:
    for state in MESSAGE.states - ENDS:
        assert MESSAGE.allowed(state), state


def test_an_end_changes_only_by_what_the_network_says() -> None:
    for state in ENDS:
        assert set(MESSAGE.allowed(state)) <= {"deliver", "undeliver"}, state
    assert not MESSAGE.allowed("delivered")


def test_only_what_has_not_been_handed_over_can_be_taken_back() -> None:
    for state in MESSAGE.states:
        assert ("cancel" in MESSAGE.allowed(state)) == (state in PENDING)


def test_every_failure_that_is_published_has_a_state_that_the_event_knows() -> None:
    known = MessageFailed.model_fields["state"].annotation.__args__  # type: ignore[union-attr]
    assert {row.target for row in MESSAGE.transitions if row.event == "message-failed"} == set(known)


def test_the_api_filters_by_every_state() -> None:
    assert set(State.__args__) == MESSAGE.states  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("address", "shown"), [("+8613912345678", "+86****78"), ("li.si@example.org", "l***@e***"), (None, None)]
)
def test_an_address_is_shown_masked(address: str | None, shown: str | None) -> None:
    assert masked(address) == shown
