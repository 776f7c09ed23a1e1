"""The machines are walked whole: what is not in the table is refused, and nobody is left standing."""

from __future__ import annotations

from itertools import product

import pytest

from services.intake.approvals.machine import APPROVAL
from services.intake.cases.model import CASE
from services.intake.channels.model import MESSAGE
from services.intake.directory.machine import DEPARTMENT, STAFF
from services.intake.visits.machine import ENDED, VISIT
from services.intake.visits.model import TEMPLATES
from shared.contracts.registry import event_types
from shared.kernel.errors import Refused
from shared.kernel.machine import Machine

MACHINES = (VISIT, APPROVAL, CASE, MESSAGE, STAFF, DEPARTMENT)
_EVERY_FACT = frozenset(row.guard for machine in MACHINES for row in machine.transitions if row.guard)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_pair_that_the_table_lacks_is_refused_with_what_is_possible(machine: Machine) -> None:
    table = {(row.source, row.command): row for row in machine.transitions}
    refused = 0
    for state, command in product(machine.states, machine.commands):
        if (state, command) in table:
            continue
        with pytest.raises(Refused) as refusal:
            machine.step(state, command, _EVERY_FACT)
        assert refusal.value.code == f"{machine.name}-state"
        for possible in machine.allowed(state):
            assert possible in (refusal.value.expected or "")
        refused += 1
    assert refused > 0


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_row_can_be_followed_when_its_guard_holds(machine: Machine) -> None:
    for row in machine.transitions:
        holding = {row.guard} if row.guard else set()
        assert machine.step(row.source, row.command, holding) == row


def test_a_guarded_step_is_refused_where_the_template_has_that_step() -> None:
    """VR-02: leaving out is a row of the table, not a hole in it."""
    for state, command in (("submitted", "seek-approval"), ("approved", "confirm"), ("departed", "close")):
        with pytest.raises(Refused):
            VISIT.step(state, command)
        assert VISIT.step(state, command, TEMPLATES["business"].facts)


def test_from_every_state_of_a_visit_something_leads_out_unless_it_has_ended() -> None:
    assert {state for state in VISIT.states if not VISIT.allowed(state)} == ENDED


def test_a_visit_can_be_called_off_until_the_guest_is_here_and_not_after() -> None:
    for state in ("submitted", "approving", "returned", "approved", "preparing", "confirmed"):
        assert VISIT.step(state, "cancel").target == "cancelled"
    for state in ("arrived", "departed", "settled", *sorted(ENDED)):
        with pytest.raises(Refused):
            VISIT.step(state, "cancel")


def test_events_that_rows_name_are_in_the_registry_where_their_step_is_built() -> None:
    unbuilt = {"visit-no-show", "visit-settled"}
    named = {row.event for machine in MACHINES for row in machine.transitions if row.event}
    assert named - unbuilt <= set(event_types())
