"""A complaint's life as a table, walked whole."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest

from services.complaints.tickets.model import BUILT, BUILT_COMMANDS, CLOSE_REASONS, ENDED, TABLE, open_to_people
from shared.kernel.errors import Refused
from shared.kernel.machine import Machine

_MACHINES = pytest.mark.parametrize("machine", [TABLE, BUILT], ids=["whole", "built"])


def _rows(machine: Machine) -> dict[tuple[str, str], list[str | None]]:
    guards = defaultdict(list)
    for row in machine.transitions:
        guards[row.source, row.command].append(row.guard)
    return guards


@_MACHINES
def test_a_command_outside_the_table_is_refused_and_the_allowed_ones_are_named(machine: Machine) -> None:
    """CP-01..CP-18: every (state, command) pair that is not in the table."""
    rows = _rows(machine)
    every_guard = {row.guard for row in TABLE.transitions if row.guard}
    refused = 0
    for state, command in product(sorted(TABLE.states), sorted(TABLE.commands)):
        if (state, command) in rows:
            continue
        with pytest.raises(Refused) as caught:
            machine.step(state, command, every_guard)
        assert caught.value.code == "ticket-state"
        assert caught.value.status == 409
        named = caught.value.expected or ""
        assert named == f"in state {state}: " + (", ".join(machine.allowed(state)) or "nothing: it has ended")
        refused += 1
    assert refused > 200


@_MACHINES
def test_a_command_in_the_table_is_taken_when_its_guard_holds_and_refused_when_not(machine: Machine) -> None:
    for row in machine.transitions:
        taken = machine.step(row.source, row.command, () if row.guard is None else (row.guard,))
        assert taken == row
        if row.guard is not None and None not in _rows(machine)[row.source, row.command]:
            with pytest.raises(Refused):
                machine.step(row.source, row.command, ())


def test_from_every_state_that_has_not_ended_a_person_leads_out() -> None:
    for state in TABLE.states - ENDED:
        assert [row for row in TABLE.transitions if row.source == state and row.target != state and row.by]


def test_every_state_is_reached_from_registered() -> None:
    reached, growing = {"registered"}, True
    while growing:
        more = {row.target for row in TABLE.transitions if row.source in reached} - reached
        reached |= more
        growing = bool(more)
    assert reached == TABLE.states


def test_every_step_that_leads_to_another_state_tells_others_except_the_one_told_by_reopening() -> None:
    silent = {(row.source, row.command) for row in TABLE.transitions if row.event is None and row.source != row.target}
    assert silent == {("reopened", "resume")}


def test_what_people_are_offered_is_built_and_is_in_the_table() -> None:
    for state in TABLE.states:
        for command in open_to_people(state):
            assert command in BUILT_COMMANDS
            assert command in TABLE.allowed(state)
    assert open_to_people("registered") == ("assign", "judge")


def test_each_reason_with_which_a_person_closes_is_a_guard_of_its_state() -> None:
    for state, reason in CLOSE_REASONS.items():
        assert BUILT.step(state, "close", (reason,)).target == "closed"
