"""Receptions over real processes: form, level, budget and approval under each standard, and what may go otherwise."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.local.demo import receptions
from deploy.local.demo.cast import DOMAIN, Cast
from deploy.local.demo.desk import DemoFailed, Desk
from deploy.local.demo.furnishing import departments_of
from deploy.local.demo.receptions import KEY_ACCOUNTS, SALES, TEAMS, WORKS, Team
from shared.kernel import clock
from tests.journeys.ledger import balance, events_of
from tests.journeys.people import in_state, notices, staff_hears, staff_id
from tests.support.house import House

_LATER = timedelta(days=9)

_APPROVED = {"visit-to-judge": 1, "visit-confirmed": 1, "visit-approved-host": 1, "visit-approved-informed": 1}
_TOLD = {
    "T1": {**_APPROVED, "visit-approval": 2},
    "T2": {**_APPROVED, "visit-approval": 1},
    "T3": {**_APPROVED, "visit-approval": 2},
}
"""What goes out from the request to the approval, by the rule's name: each step asks; AP-03 informs the head of the
department, the others administration."""


@pytest.fixture
async def bearer(desk: Desk) -> str:
    """The department that pays."""
    return (await departments_of(desk))["demo"]


@pytest.mark.parametrize("team", TEAMS, ids=lambda team: team.standard)
async def test_given_a_reception_under_each_standard_then_it_is_approved_and_everybody_is_told_once(
    house: House, desk: Desk, cast: Cast, bearer: str, team: Team
) -> None:
    """FM-01, VR-04, LV-01, AP-01, AP-03, AP-13, NT-03"""
    guest = cast.with_phone()

    visit = await receptions.run_approved(desk, guest, team, bearer, _LATER)
    await balance(house)

    assert _rules(house, visit) == _TOLD[team.standard]
    assert {notice["state"] for notice in notices(house, visit)} == {"delivered"}
    (snapshot,) = house.rows(
        "intake",
        "SELECT snapshot FROM visit_approval WHERE visit_id = %(id)s ORDER BY step DESC LIMIT 1",
        id=visit,
    )
    costs = snapshot["snapshot"]["costs"]
    assert (costs["standard_set"], costs["level"]) == (team.standard, team.level)
    assert len(await desk.arrived(guest.address)) == 1


async def test_given_a_reception_that_is_returned_twice_then_the_third_revision_is_approved(
    house: House, desk: Desk, cast: Cast, bearer: str
) -> None:
    """AP-01"""
    guest = cast.with_email()

    visit = await receptions.run_returned_twice(desk, guest, SALES, bearer, _LATER)
    await balance(house)

    assert _visit(house, visit)["revision"] == 3
    assert _rules(house, visit) == {
        **_APPROVED,
        "visit-approval": 4,
        "visit-returned": 2,
        "visit-to-judge-again": 2,
    }
    steps = house.rows("intake", "SELECT revision, state FROM visit_approval WHERE visit_id = %(id)s", id=visit)
    assert Counter((row["revision"], row["state"]) for row in steps) == {
        (1, "returned"): 1,
        (2, "returned"): 1,
        (3, "approved"): 2,
    }


async def test_given_a_line_above_its_cap_then_an_exemption_opens_the_way(
    house: House, desk: Desk, cast: Cast, bearer: str
) -> None:
    """LV-04, AP-06"""
    visit = await receptions.run_exempted(desk, cast.with_phone(), KEY_ACCOUNTS, bearer, _LATER)
    await balance(house)

    (approved,) = house.rows("intake", "SELECT snapshot FROM visit_approval WHERE visit_id = %(id)s", id=visit)
    (line,) = [each for each in approved["snapshot"]["costs"]["budget"] if each["item"] == "meals"]
    assert line["finding"] == "exempt"


async def test_given_a_cell_that_needs_confirmation_then_a_person_confirms_it_first(
    house: House, desk: Desk, cast: Cast, bearer: str
) -> None:
    """LV-05"""
    visit = await receptions.hand_in(desk, cast.with_phone(), SALES, _LATER)
    dinner = {"item": "dinner", "amount": 100_00}
    with pytest.raises(DemoFailed, match="409 cells-unconfirmed"):
        await receptions.seek(desk, visit, SALES, bearer, dinner)

    (edition,) = house.rows("intake", "SELECT id FROM standard_set WHERE code = 'T1' AND state = 'published'")
    confirmed = {"level": "C", "item": "dinner", "reading": 0}
    await desk.staff("general", "intake", "POST", f"/standard-sets/{edition['id']}/confirm", confirmed)
    await desk.staff("host", "intake", "POST", f"/visits/{visit}/seek-approval")
    await receptions.approve(desk, visit, SALES)
    await balance(house)

    assert _visit(house, visit)["state"] == "approved"


async def test_given_an_approved_reception_when_it_becomes_dearer_then_it_is_approved_anew(
    house: House, desk: Desk, cast: Cast, bearer: str
) -> None:
    """The approval is of exactly what was seen."""
    guest = cast.with_phone()

    visit = await receptions.run_amended(desk, guest, SALES, bearer, _LATER)
    await balance(house)

    row = _visit(house, visit)
    assert (row["state"], row["revision"], row["approved_revision"]) == ("approved", 2, 2)
    assert events_of(house, visit)["visit-approved"] == 2
    assert _rules(house, visit)["visit-confirmed"] == 2


async def test_given_an_approver_who_is_absent_then_who_stands_above_decides(
    house: House, desk: Desk, cast: Cast, bearer: str
) -> None:
    """CF-09: the superior is away, so the head of the department is asked at once, and only once."""
    visit = await receptions.hand_in(desk, cast.with_phone(), WORKS, _LATER)
    async with _away(house, desk, "works-lead"):
        await receptions.seek(desk, visit, WORKS, bearer)
        await receptions.decide(desk, visit, "works-head")
    await balance(house)

    assert _visit(house, visit)["state"] == "approved"
    decided = house.rows("intake", "SELECT decided_by FROM visit_approval WHERE visit_id = %(id)s", id=visit)
    assert {row["decided_by"] for row in decided} == {staff_id(house, "works-head")}


async def test_given_nobody_who_decides_when_the_guest_is_due_then_the_request_expires(
    house: House, desk: Desk, cast: Cast, bearer: str
) -> None:
    """Expiry: on arrival at the latest; the guest, who was told nothing, hears nothing."""
    guest = cast.with_email()

    visit = await receptions.hand_in(desk, guest, SALES, timedelta(seconds=6))
    await receptions.seek(desk, visit, SALES, bearer)
    await in_state(house, "intake", "SELECT 1 FROM visit WHERE id = %(id)s AND state = 'expired'", id=visit)
    await staff_hears(desk, "host", guest.name)
    await balance(house)

    assert _rules(house, visit) == {"visit-to-judge": 1, "visit-approval": 1, "visit-expired": 1}
    assert await desk.arrived(guest.address) == []


async def test_given_an_approver_who_leaves_in_the_middle_then_the_decision_is_anothers(
    house: House, desk: Desk, cast: Cast, bearer: str
) -> None:
    """CF-09, NT-03"""
    leaver = f"lea-{secrets.token_hex(4)}"
    departments = await departments_of(desk)
    hired = await desk.staff(
        "administration",
        "intake",
        "POST",
        "/staff",
        {
            "email": f"{leaver}@{DOMAIN}",
            "name": "Lea",
            "department_id": departments["demo-works"],
            "manager_id": str(staff_id(house, "works-head")),
            "roles": ["supervisor"],
        },
    )
    lea, host = str(hired["staff_id"]), str(staff_id(house, "works-host"))
    await desk.staff("administration", "intake", "POST", f"/staff/{host}/change", {"manager_id": lea})
    try:
        await _known(house, lea, host)
        visit = await receptions.hand_in(desk, cast.with_phone(), WORKS, _LATER)
        await receptions.seek(desk, visit, WORKS, bearer)
        (asked,) = house.rows("intake", "SELECT approver_id FROM visit_approval WHERE visit_id = %(id)s", id=visit)
        assert str(asked["approver_id"]) == lea

        await desk.staff("administration", "intake", "POST", f"/staff/{lea}/leave")
        head = staff_id(house, "works-head")
        moved = "SELECT 1 FROM visit_approval WHERE visit_id = %(id)s AND state = 'waiting' AND approver_id = %(head)s"
        await in_state(house, "intake", moved, id=visit, head=head)
        await receptions.decide(desk, visit, "works-head")
    finally:
        back = {"manager_id": str(staff_id(house, "works-lead"))}
        await desk.staff("administration", "intake", "POST", f"/staff/{host}/change", back)
    await balance(house)

    assert _visit(house, visit)["state"] == "approved"
    assert events_of(house, visit)["visit-approval-requested"] == 2


@asynccontextmanager
async def _away(house: House, desk: Desk, name: str) -> AsyncIterator[None]:
    """Somebody is absent for the time being, and intake's copy knows it."""
    path = f"/staff/{staff_id(house, name)}/absences"
    begin = {"starts": clock.now().isoformat(), "ends": (clock.now() + timedelta(days=30)).isoformat()}
    answer = await desk.staff("administration", "intake", "POST", path, begin)
    absence = answer["absences"][-1]["absence_id"]
    try:
        await in_state(house, "intake", _COPY + " AND c.body->'absences' <> '[]'", id=str(staff_id(house, name)))
        yield
    finally:
        await desk.staff("administration", "intake", "POST", f"{path}/{absence}/end")
        await in_state(house, "intake", _COPY + " AND c.body->'absences' = '[]'", id=str(staff_id(house, name)))


_COPY = "SELECT 1 FROM copy c WHERE c.topic = 'staff' AND c.key = %(id)s"


async def _known(house: House, lea: str, host: str) -> None:
    """intake's own copies have heard that she is here, and whose superior she is."""
    await in_state(house, "intake", _COPY, id=lea)
    await in_state(house, "intake", _COPY + " AND c.body->>'manager_id' = %(lea)s", id=host, lea=lea)


def _rules(house: House, visit: str) -> Counter[str]:
    return Counter(notice["rule"] for notice in notices(house, visit))


def _visit(house: House, visit: str) -> dict[str, Any]:
    (row,) = house.rows("intake", "SELECT * FROM visit WHERE id = %(id)s", id=UUID(visit))
    return row
