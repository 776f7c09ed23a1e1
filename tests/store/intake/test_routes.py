"""Approvals in several steps, on a company's own route (AP-01, AP-03, AP-07)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from services.intake.approvals import delegations, routing, store
from services.intake.approvals.approvers import approver_for
from services.intake.approvals.shipped import routes
from services.intake.approvals.timers import EXPIRE_APPROVAL, REMIND_APPROVER
from services.intake.settings import settings
from services.intake.visits import approving, requesting, revising
from services.intake.visits.model import Visit
from services.intake.visits.subject import subject_of
from shared.contracts.events.visit_approval_due import VisitApprovalDue
from shared.contracts.events.visit_approval_requested import VisitApprovalRequested
from shared.contracts.events.visit_approved import VisitApproved
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.kernel import clock
from shared.kernel.money import Money
from shared.store.unit_of_work import UnitOfWork
from tests.store.intake.builders import House
from tests.store.intake.visiting import decide, hana_goes_away, refused

_TWO = """
names = { zh = "两级", en = "Two steps" }
kinds = ["business"]
steps = [{ who = "department-manager" }, { who = "general-manager" }]
"""
_DELEGABLE = """
names = { zh = "可授权", en = "Delegable" }
kinds = ["business"]
steps = [{ who = "department-manager", delegable = true }]
"""

_INFORMS = """
names = { zh = "备案", en = "Filed" }
kinds = ["business"]
informed = ["general-manager", "department-manager"]
steps = [{ who = "superior" }]
"""


@pytest.fixture(autouse=True)
def _own_routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "two.toml").write_text(_TWO, encoding="utf-8")
    (tmp_path / "delegable.toml").write_text(_DELEGABLE, encoding="utf-8")
    (tmp_path / "informs.toml").write_text(_INFORMS, encoding="utf-8")
    monkeypatch.setenv("FRONTDESK_INTAKE_APPROVAL_ROUTES", str(tmp_path))
    monkeypatch.setenv("FRONTDESK_INTAKE_APPROVAL_ROUTE", "TWO")
    settings.cache_clear()
    routes.cache_clear()
    yield
    settings.cache_clear()
    routes.cache_clear()


async def _states(house: House, visit: Visit) -> list[tuple[int, int, str]]:
    return [(one.revision, one.step, one.state) for one in await house.do(store.of_visit, visit.id)]


async def test_a_visit_is_approved_when_its_last_step_is(house: House) -> None:
    """AP-01"""
    visit = await house.ask()
    first = await decide(house, visit, "approved", by="hana")
    asked = (await house.published("visits"))[-1]
    assert isinstance(asked, VisitApprovalRequested)
    assert (first.state, asked.step, asked.approver_id) == ("approving", 2, house.staff["gina"])
    await refused(house, "not-the-approver", approving.decide, visit.id, "approved", revision=1, by=house.staff["hana"])
    assert (await decide(house, visit, "approved", by="gina")).state == "approved"
    assert await _states(house, visit) == [(1, 1, "approved"), (1, 2, "approved")]
    assert (await house.told("visits")).count("visit-approved") == 1
    assert not {REMIND_APPROVER, EXPIRE_APPROVAL} & set(await house.timers())


async def test_who_has_approved_one_step_is_not_asked_at_the_next(house: House) -> None:
    """Hana applies: her department's step goes up to Gina, who is the general manager, too."""
    visit = await house.ask(requester="hana")
    assert (await decide(house, visit, "approved", by="gina")).state == "approved"
    assert await _states(house, visit) == [(1, 1, "approved"), (1, 2, "approved")]


async def test_a_request_returned_at_the_second_step_begins_at_the_first_again(house: House) -> None:
    visit = await house.ask()
    await decide(house, visit, "approved", by="hana")
    back = await decide(house, visit, "returned", by="gina", reason="who pays?")
    assert back.state == "returned"
    again = await house.do(revising.resubmit, visit.id, _wish_of(visit), by=house.staff["amy"])
    assert (await decide(house, again, "approved", by="hana")).state == "approving"
    assert (await decide(house, again, "approved", by="gina")).state == "approved"
    assert await _states(house, visit) == [
        (1, 1, "approved"),
        (1, 2, "returned"),
        (2, 1, "approved"),
        (2, 2, "approved"),
    ]


async def test_the_database_lets_no_visit_be_approved_before_all_its_steps(house: House) -> None:
    """What a build that knows one step only would do."""
    visit = await house.ask()
    await decide(house, visit, "approved", by="hana")
    with pytest.raises(DBAPIError, match="every step"):
        await house.bench.rows("UPDATE visit SET state = 'approved' WHERE id = :id", id=visit.id)


async def test_another_snapshot_than_the_one_that_waits_is_refused(house: House) -> None:
    visit = await house.ask()
    seen = {"revision": 1, "by": house.staff["hana"], "digest": "0" * 64}
    await refused(house, "approval-outdated", approving.decide, visit.id, "approved", **seen)
    await house.bench.rows("UPDATE visit SET head_count = 40 WHERE id = :id", id=visit.id)
    await refused(
        house, "approval-outdated", approving.decide, visit.id, "approved", revision=1, by=house.staff["hana"]
    )
    (waiting,) = await house.do(store.of_visit, visit.id)
    assert waiting.digest is not None


async def test_who_does_not_decide_is_reminded_until_it_expires(house: House) -> None:
    """NT-03"""
    visit = await house.ask()
    for _ in range(2):
        await house.fire(REMIND_APPROVER)
        told = (await house.published("visits"))[-1]
        assert isinstance(told, VisitApprovalDue)
        assert told.approver_id == house.staff["hana"]
    await house.fire(EXPIRE_APPROVAL)
    off = (await house.published("visits"))[-1]
    assert isinstance(off, VisitCancelled)
    assert (off.why, (await house.visit(visit.id)).state) == ("expired", "expired")
    assert await _states(house, visit) == [(1, 1, "expired")]
    assert REMIND_APPROVER not in await house.timers()


async def test_an_approval_waits_no_longer_than_until_arrival(house: House) -> None:
    visit = await house.ask(days=12)
    assert (await house.timers())[EXPIRE_APPROVAL] == visit.arrival


async def test_a_request_is_taken_back_before_it_is_decided(house: House) -> None:
    visit = await house.ask()
    back = await house.do(requesting.withdraw, visit.id, by=house.staff["amy"])
    assert back.state == "withdrawn"
    assert await _states(house, visit) == [(1, 1, "withdrawn")]
    await refused(house, "visit-state", approving.decide, visit.id, "approved", revision=1, by=house.staff["hana"])


async def test_a_second_step_goes_to_the_substitute_of_who_is_absent(house: House) -> None:
    await hana_goes_away(house)
    visit = await house.ask()
    assert (await decide(house, visit, "approved", by="sid")).state == "approving"
    first = (await house.do(store.of_visit, visit.id))[0]
    assert (first.decided_by, first.acting_for) == tuple(house.ids(["sid", "hana"]))


async def test_who_files_or_assists_is_named_with_the_approval_also_where_the_route_has_gone(
    house: House, tmp_path: Path
) -> None:
    """AP-07"""
    await _take(house, "INFORMS")
    await decide(house, await house.ask(), "approved", by="gina")
    approved = (await house.published("visits"))[-1]
    assert isinstance(approved, VisitApproved)
    assert approved.informed_ids == tuple(house.ids(["gina", "hana"]))
    waiting = await house.ask(head_count=3)
    (tmp_path / "informs.toml").unlink()
    routes.cache_clear()
    assert (await decide(house, waiting, "approved", by="gina")).state == "approved"


async def test_a_delegate_decides_up_to_the_cap_and_no_longer_than_the_delegation_lasts(house: House) -> None:
    """AP-03"""
    await _take(house, "DELEGABLE")
    given = await house.do(
        delegations.delegate,
        house.staff["sid"],
        Money(500_00, "CNY"),
        department_id=None,
        starts=None,
        ends=clock.now() + timedelta(days=9),
        by=house.staff["hana"],
    )
    visit = await house.ask()
    (waiting,) = await house.do(store.of_visit, visit.id)
    assert (waiting.approver_id, waiting.acting_for) == tuple(house.ids(["sid", "hana"]))
    assert waiting.delegation_id == given.id
    await house.bench.rows("UPDATE approval_delegation SET ended_at = now()")
    await refused(house, "delegation-ended", approving.decide, visit.id, "approved", revision=1, by=house.staff["sid"])
    await hana_goes_away(house)
    assert (await decide(house, visit, "approved", by="sid")).state == "approved", "who stands in needs no delegation"


async def test_what_is_above_the_cap_goes_to_who_gave_the_delegation(house: House) -> None:
    """AP-03"""
    await house.do(
        delegations.delegate,
        house.staff["sid"],
        Money(500_00, "CNY"),
        department_id=None,
        starts=None,
        ends=None,
        by=house.staff["hana"],
    )
    visit = await house.ask()

    async def asked_for(uow: UnitOfWork, minor: int) -> UUID:
        subject = replace(await subject_of(uow, visit), total=Money(minor, "CNY"))
        return (await approver_for(uow, routes()["DELEGABLE"].steps[0], subject)).staff_id

    assert await house.do(asked_for, 500_00) == house.staff["sid"]
    assert await house.do(asked_for, 500_01) == house.staff["hana"]


async def _take(house: House, route: str) -> None:
    (sales,) = await house.bench.rows("SELECT id FROM department WHERE code = 'sales'")
    await house.do(routing.use, sales, route, by=house.staff["gina"])


def _wish_of(visit: Visit) -> requesting.Wish:
    return requesting.Wish(visit.arrival, visit.departure, visit.purpose, visit.head_count)
