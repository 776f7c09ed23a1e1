"""A reception's way: handed in with its form, judged, planned, approved, changed (FM-01, VR-04, LV-04, AP-06)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.visit_approved import VisitApproved
from shared.contracts.events.visit_changed import VisitChanged
from tests.store.intake.applying import (
    CHAIRMAN,
    FORM,
    LUNCH,
    application,
    approved,
    budget,
    decided,
    handed_in,
    levelled,
    planned,
    sought,
)
from tests.store.intake.builders import DEPARTMENTS, STAFF, House
from tests.store.intake.office import Office, office_of
from tests.support.core import tombstone

_DINNER = {"item": "dinner", "amount": 1}


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    """The doors are open."""
    async with office_of(house) as made:
        yield made


async def _costs(house: House) -> dict[str, Any]:
    """What the newest approval keeps of level and money."""
    (kept,) = await house.bench.rows("SELECT snapshot FROM visit_approval ORDER BY revision DESC, step DESC LIMIT 1")
    return dict(kept["costs"])


async def _state(office: Office, visit: str) -> tuple[str, int]:
    seen = (await office.get("gina", f"/visits/{visit}"))["visit"]
    return seen["state"], seen["revision"]


async def test_from_the_form_to_the_approval(office: Office, house: House) -> None:
    """VR-01, VR-04, AP-01: form → level → budget → two approvals, whose snapshot keeps all of it and nobody's name."""
    visit = await handed_in(office)
    seen = await office.get("amy", f"/visits/{visit}/reception")
    assert (seen["proposed_level"], seen["proposed_because"]) == ("C", ["title"])
    assert (seen["form"]["company"], seen["form"]["visitors"][0]["name"]) == ("Öster & Söhne", "Gábor Ölçer")
    assert (seen["budget"], seen["judgements"]) == (None, [])
    assert (await levelled(office, visit))["level"] == "C"
    assert (await planned(office, visit, LUNCH))["state"] == "levelled"
    (line,) = (await office.get("amy", f"/visits/{visit}/reception"))["budget"]["lines"]
    assert (line["cap"], line["finding"]) == (200_00, "within"), "two guests at 100 yuan"
    await office.post("amy", f"/visits/{visit}/seek-approval")
    assert (await decided(office, visit, "hana", "gina"))["state"] == "approved"
    (kept,) = await house.bench.rows("SELECT DISTINCT snapshot FROM visit_approval")
    assert (kept["costs"]["level"], kept["costs"]["planned"], kept["costs"]["caps"]) == ("C", 200_00, 200_00)
    assert kept["form"]["wishes"] == ["flowers"]
    assert not any(word in str(kept) for word in ("Gábor", "刘洋", "Öster", "copper"))
    assert await house.told("visits") == [
        "visit-requested",
        *["visit-approval-requested", "visit-approval-decided"] * 2,
        "visit-approved",
    ]


async def test_a_step_that_was_left_out_is_asked_for(office: Office) -> None:
    visit = await handed_in(office)
    assert (await office.post("amy", f"/visits/{visit}/seek-approval", status=409))["code"] == "visit-state"
    await levelled(office, visit)
    assert (await office.post("amy", f"/visits/{visit}/seek-approval", status=409))["code"] == "budget-missing"
    await planned(office, visit)
    assert (await office.post("amy", f"/visits/{visit}/seek-approval"))["state"] == "approving"


@pytest.mark.parametrize(
    ("line", "code", "why"),
    [
        ({"item": "lunch", "amount": 200_01}, "budget-blocked", "lunch (over)"),
        ({"item": "yacht", "amount": 1}, "budget-blocked", "yacht (item-unknown)"),
        (_DINNER, "cells-unconfirmed", "dinner"),
    ],
)
async def test_what_is_not_allowed_is_not_even_asked_for(office: Office, line: Any, code: str, why: str) -> None:
    """LV-04; and a cell that nobody has confirmed is no ground to approve on."""
    visit = await handed_in(office)
    await levelled(office, visit)
    await planned(office, visit, line)
    no = await office.post("amy", f"/visits/{visit}/seek-approval", status=409)
    assert no["code"] == code
    assert why in no["expected"]


async def test_a_line_over_its_cap_needs_leave_of_who_approves_last(office: Office) -> None:
    """LV-04: asked by one, granted by another, seen in what is approved."""
    visit = await handed_in(office)
    await levelled(office, visit)
    await planned(office, visit, {"item": "lunch", "amount": 300_00})
    ask = {"item": "lunch", "up_to": 300_00, "reason": "a jubilee"}
    asked = (await office.post("amy", f"/visits/{visit}/exemptions", ask, 201))["exemption_id"]
    assert (await office.post("hana", f"/exemptions/{asked}/grant", status=403))["code"] == "not-the-approver"
    assert (await office.post("gina", f"/exemptions/{asked}/grant"))["state"] == "granted"
    await office.post("amy", f"/visits/{visit}/seek-approval")
    assert (await decided(office, visit, "hana", "gina"))["state"] == "approved"
    (line,) = (await _costs(office.house))["budget"]
    assert line["finding"] == "exempt"


async def test_a_returned_reception_is_mended_and_judged_again(office: Office) -> None:
    visit = await sought(office, LUNCH)
    assert (await decided(office, visit, "hana", by="return", reason="too few"))["state"] == "returned"
    body = {name: value for name, value in application().items() if name not in ("guest", "host_email", "form")}
    again = await office.post("amy", f"/visits/{visit}/resubmit-reception", {**body, "head_count": 3})
    assert (again["state"], again["revision"]) == ("submitted", 2)
    seen = await office.get("amy", f"/visits/{visit}/reception")
    assert seen["form"]["company"] == FORM["company"], "the form before holds"
    assert seen["budget"]["planned"] == 200_00
    await levelled(office, visit)
    await office.post("amy", f"/visits/{visit}/seek-approval")
    assert (await decided(office, visit, "hana", "gina"))["state"] == "approved"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"purpose": "to sell copper"}, "approved"),
        ({"head_count": 1, "form": {"visitors": [CHAIRMAN]}}, "approved"),
        ({"head_count": 3}, "approving"),
        ({"lines": [{"item": "lunch", "amount": 150_00}]}, "approved"),
        ({"lines": [LUNCH, {"item": "refreshments", "amount": 1}]}, "approving"),
    ],
)
async def test_what_rises_is_approved_again_and_nothing_else(office: Office, change: Any, state: str) -> None:
    """Domain: re-approval when head-count on per-person lines or the budget rises, not when they fall."""
    lines = [{"item": "lunch", "amount": 100_00}] if "head_count" in change else [LUNCH]
    visit = await approved(office, *lines)
    body = {name: value for name, value in change.items() if name != "lines"}
    if "form" in body:
        body["form"] = {**FORM, **body["form"]}
    if "lines" in change:
        (bearer,) = await office.house.bench.rows("SELECT bearer_department_id::text FROM visit_budget")
        body["budget"] = budget(bearer, *change["lines"])
    assert (await office.post("amy", f"/visits/{visit}/amend", body))["state"] == state
    assert await _state(office, visit) == (state, 2)
    if state == "approving":
        assert "visit-remind-guest" not in await office.house.timers()
        assert (await decided(office, visit, "hana", "gina"))["state"] == "approved"


async def test_small_steps_are_held_against_what_was_approved(office: Office) -> None:
    """Two amendments may not creep above what the approvers saw: the approved revision counts, not the last."""
    visit = await approved(office, LUNCH)
    (bearer,) = await office.house.bench.rows("SELECT bearer_department_id::text FROM visit_budget")
    for amount, state in ((100_00, "approved"), (200_00, "approved")):
        body = {"budget": budget(bearer, {"item": "lunch", "amount": amount})}
        assert (await office.post("amy", f"/visits/{visit}/amend", body))["state"] == state
    more = {"budget": budget(bearer, LUNCH, {"item": "refreshments", "amount": 1})}
    assert (await office.post("amy", f"/visits/{visit}/amend", more))["state"] == "approving"


async def test_more_nights_are_approved_again_other_dates_are_not(office: Office, house: House) -> None:
    visit = await approved(office, LUNCH)
    asked = application()
    arrival = datetime.fromisoformat(asked["arrival"]) + timedelta(days=3)
    dates = {"arrival": arrival.isoformat(), "departure": (arrival + timedelta(hours=3)).isoformat()}
    assert (await office.post("amy", f"/visits/{visit}/reschedule", dates))["state"] == "approved"
    longer = {**dates, "departure": (arrival + timedelta(days=2)).isoformat()}
    assert (await office.post("amy", f"/visits/{visit}/reschedule", longer))["state"] == "approving"
    changes = [event for event in await house.published("visits") if isinstance(event, VisitChanged)]
    assert [(one.change, one.guest_was_told) for one in changes] == [("rescheduled", True), ("rescheduled", False)]
    await office.post("amy", f"/visits/{visit}/cancel", {})
    assert (await house.published("visits"))[-1].model_dump()["guest_was_told"], "they heard of the first approval"


async def test_only_who_may_judges_and_only_within_reach(office: Office, house: House) -> None:
    visit = await handed_in(office)
    assert (await office.post("tom", f"/visits/{visit}/judge-level", {"level": "C"}, 403))[
        "permission"
    ] == "visits.level"
    no = await office.post("gina", f"/visits/{visit}/judge-level", {"level": "A"}, 422)
    assert (no["code"], no["field"]) == ("reason-missing", "$.reason")
    assert (await office.post("gina", f"/visits/{visit}/judge-level", {"level": "A", "reason": "a friend"}))[
        "level"
    ] == "A"
    before = await house.bench.rows("SELECT count(*) FROM audit WHERE action = 'read-form'")
    await office.get("gina", f"/visits/{visit}/reception")
    assert await house.bench.rows("SELECT count(*) FROM audit WHERE action = 'read-form'") == [before[0] + 1]


async def test_what_a_form_contradicts_itself_in_is_refused_with_all_of_it_at_once(office: Office) -> None:
    body = application({"meeting_point": "other", "visitors": []}, head_count=0)
    body["form"].pop("company")
    no = await office.post("amy", "/receptions", body, 422)
    assert {each["field"] for each in no["errors"]} == {"$.head_count", "$.form.company", "$.form.visitors"}
    other = await office.post("amy", "/receptions", application({"meeting_point": "other"}), 422)
    assert other["field"] == "$.form"
    rooms = await office.post("amy", "/receptions", application({"rooms": 3}), 422)
    assert rooms["code"] == "too-many-rooms"
    nowhere = await office.post(
        "amy", "/receptions", application({"cooperating_department_ids": [str(UUID(int=1))]}), 422
    )
    assert (nowhere["code"], nowhere["field"]) == ("department-unknown", "$.form.cooperating_department_ids[0]")


async def test_three_hundred_visitors_fit_on_one_form(office: Office) -> None:
    everybody = [{"name": f"访客{number}", "title": "工程师"} for number in range(300)]
    visit = await handed_in(office, {"visitors": everybody}, head_count=300)
    assert len((await office.get("amy", f"/visits/{visit}/reception"))["form"]["visitors"]) == 300


async def test_a_tombstone_takes_people_and_words_and_leaves_what_was_agreed(office: Office, house: House) -> None:
    visit = await approved(office, LUNCH)
    await office.post("amy", "/visit-drafts", {"kind": "reception", "content": application()}, 201)
    (party,) = await house.bench.rows("SELECT party_id FROM visit")
    await house.again(tombstone(PartyChanged, party, 99))
    everything = str(
        [
            await house.bench.rows(f"SELECT row_to_json(t)::text FROM {table} t")
            for table in ("visit", "visit_form", "visit_draft", "visit_approval", "visit_level", "party", "address")
        ]
    )
    assert not any(word in everything for word in ("Gábor", "刘洋", "Öster", "copper", "no nuts", "13800000002"))
    seen = await office.get("gina", f"/visits/{visit}/reception")
    assert (seen["form"]["wishes"], seen["budget"]["planned"]) == (["flowers"], 200_00)


async def test_the_back_office_and_who_cooperates_hear_of_an_approval(office: Office, house: House) -> None:
    """NT-02, NT-04, VR-18"""
    sheet = STAFF.replace("sid@example.com,Sid,sales,hana@example.com,,supervisor,", _WITH_OFFICE)
    await house.hire(DEPARTMENTS, sheet)
    (house_id,) = await house.bench.rows("SELECT id FROM department WHERE code = 'house'")
    await approved(office, LUNCH, form={"cooperating_department_ids": [str(house_id)]})
    (told,) = [event for event in await house.published("visits") if isinstance(event, VisitApproved)]
    assert set(told.informed_ids) == set(house.ids(["gina", "otto"]))


_WITH_OFFICE = """sid@example.com,Sid,sales,hana@example.com,,supervisor,
    otto@example.com,Otto,sales,hana@example.com,,coordinator,"""
