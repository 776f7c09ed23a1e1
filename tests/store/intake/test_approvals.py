"""Who decides about a visit, and about what exactly (AP-01, AP-07)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from services.intake.approvals import store
from services.intake.visits import approving, requesting, revising
from shared.contracts.events.visit_approval_requested import VisitApprovalRequested
from tests.store.intake.builders import House, claim, wish
from tests.store.intake.visiting import decide, hana_goes_away, refused


async def _approver(house: House, **asked: Any) -> VisitApprovalRequested:
    await house.ask(**asked)
    requested = (await house.published("visits"))[-1]
    assert isinstance(requested, VisitApprovalRequested)
    return requested


async def test_the_head_of_the_hosts_department_is_asked(house: House) -> None:
    """AP-01."""
    requested = await _approver(house)
    assert (requested.approver_id, requested.acting_for) == (house.staff["hana"], None)


async def test_nobody_approves_their_own_request_the_next_manager_up_does(house: House) -> None:
    """AP-07."""
    requested = await _approver(house, requester="hana")
    assert requested.approver_id == house.staff["gina"]
    visit = await house.visit(requested.visit_id)
    await refused(house, "own-request", approving.decide, visit.id, "approved", revision=1, by=house.staff["hana"])


async def test_a_substitute_acts_for_an_absent_approver_and_the_record_says_so(house: House) -> None:
    await hana_goes_away(house)
    requested = await _approver(house)
    assert (requested.approver_id, requested.acting_for) == tuple(house.ids(["sid", "hana"]))
    visit = await house.visit(requested.visit_id)
    await decide(house, visit, "approved", by="sid")
    (approval,) = await house.do(store.of_visit, visit.id)
    assert (approval.decided_by, approval.acting_for) == tuple(house.ids(["sid", "hana"]))


async def test_a_substitute_who_asked_does_not_decide_either(house: House) -> None:
    await hana_goes_away(house)
    assert (await _approver(house, requester="sid")).approver_id == house.staff["gina"]


async def test_who_becomes_absent_later_is_stood_in_for_and_may_decide_when_back(house: House) -> None:
    visit = await house.ask()
    await refused(house, "not-the-approver", approving.decide, visit.id, "approved", revision=1, by=house.staff["sid"])
    await hana_goes_away(house)
    assert (await decide(house, visit, "approved", by="sid")).state == "approved"


async def test_who_is_at_the_top_and_asks_leaves_nobody_to_decide(house: House) -> None:
    await refused(
        house,
        "no-approver",
        requesting.request,
        wish(),
        kind="business",
        guest=claim("Wang Wei", vouched=True),
        host_id=house.staff["amy"],
        zone=None,
        requester_id=house.staff["gina"],
    )
    assert await house.bench.rows("SELECT count(*) FROM visit") == [0]


async def test_a_decision_is_about_exactly_the_revision_that_was_seen(house: House) -> None:
    visit = await house.ask()
    await refused(house, "visit-revision", approving.decide, visit.id, "approved", revision=2, by=house.staff["hana"])


async def test_a_decided_approval_and_its_snapshot_never_change(house: House) -> None:
    visit = await decide(house, await house.ask(), "approved")
    (approval,) = await house.do(store.of_visit, visit.id)
    assert approval.snapshot["arrival"] == visit.arrival.isoformat()
    for change in ("UPDATE visit_approval SET state = 'rejected'", "DELETE FROM visit_approval"):
        with pytest.raises(DBAPIError):
            await house.bench.rows(change)


async def test_a_returned_request_is_mended_and_approved_anew(house: House) -> None:
    visit = await decide(house, await house.ask(), "returned", reason="which product?")
    again = await house.do(revising.resubmit, visit.id, wish(head_count=3), by=house.staff["amy"])
    assert (again.state, again.revision, again.head_count) == ("approving", 2, 3)
    assert (await decide(house, again, "approved")).state == "approved"
    states = [(one.revision, one.state) for one in await house.do(store.of_visit, visit.id)]
    assert states == [(1, "returned"), (2, "approved")]


async def test_a_rejected_visit_has_ended(house: House) -> None:
    visit = await decide(house, await house.ask(), "rejected", reason="no")
    assert visit.state == "rejected"
    await refused(house, "visit-state", requesting.cancel, visit.id, reason=None, by=house.staff["amy"])
    assert (await house.told("visits"))[-1] == "visit-rejected"
