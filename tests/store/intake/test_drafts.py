"""Drafts: anything is saved, everything that is missing is told at once, nothing half is handed in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.intake.drafts.model import MOST_DRAFTS
from tests.store.intake.applying import application
from tests.store.intake.builders import House
from tests.store.intake.office import Office, office_of


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    """The doors are open."""
    async with office_of(house) as made:
        yield made


async def test_anything_is_saved_and_all_that_is_missing_is_told_at_once(office: Office, house: House) -> None:
    content = {"purpose": "to buy copper", "form": {"company": "", "visitors": [{"phone": "12"}]}}
    one = await office.post("amy", "/visit-drafts", {"kind": "reception", "content": content}, 201)
    wanted = {
        ("$.arrival", "missing-field"),
        ("$.departure", "missing-field"),
        ("$.guest", "missing-field"),
        ("$.form.company", "invalid-field"),
        ("$.form.visitors[0].name", "missing-field"),
        ("$.form.visitors[0].phone", "invalid-field"),
    }
    assert {(each["field"], each["code"]) for each in one["missing"]} == wanted
    no = await office.post("amy", f"/visit-drafts/{one['draft_id']}/submit", status=422)
    assert {(each["field"], each["code"]) for each in no["errors"]} == wanted
    assert all(each["expected"] for each in no["errors"])
    assert (await office.get("amy", f"/visit-drafts/{one['draft_id']}"))["content"] == content, "it is still there"
    assert await house.told("visits") == []


async def test_a_whole_draft_becomes_a_visit_and_is_gone(office: Office, house: House) -> None:
    one = await office.post("amy", "/visit-drafts", {"kind": "reception"}, 201)
    path = f"/visit-drafts/{one['draft_id']}"
    saved = await office.post("amy", f"{path}/save", {"content": application(), "version": 1})
    assert (saved["version"], saved["missing"]) == (2, [])
    old = await office.post("amy", f"{path}/save", {"content": {}, "version": 1}, 409)
    assert (old["code"], old["field"]) == ("draft-outdated", "$.version")
    visit = await office.post("amy", f"{path}/submit")
    assert (visit["kind"], visit["state"], visit["company"]) == ("reception", "submitted", "Öster & Söhne")
    assert (await office.post("amy", f"{path}/submit", status=404))["code"] == "draft-not-found"
    assert (await office.get("amy", "/visit-drafts"))["items"] == []
    assert await house.timers() == {}, "nothing is left to purge"


async def test_a_draft_of_a_plain_visit_goes_straight_to_its_approver(office: Office) -> None:
    content = {name: value for name, value in application().items() if name != "form"}
    one = await office.post("amy", "/visit-drafts", {"kind": "business", "content": content}, 201)
    assert (await office.post("amy", f"/visit-drafts/{one['draft_id']}/submit"))["state"] == "approving"


async def test_nobody_sees_anybody_elses_draft(office: Office) -> None:
    one = await office.post("amy", "/visit-drafts", {"kind": "business"}, 201)
    for command in ("save", "submit", "discard"):
        body = {"content": {}, "version": 1} if command == "save" else None
        no = await office.post("gina", f"/visit-drafts/{one['draft_id']}/{command}", body, 404)
        assert no["code"] == "draft-not-found"
    assert (await office.get("gina", f"/visit-drafts/{one['draft_id']}", 404))["code"] == "draft-not-found"
    assert (await office.get("gina", "/visit-drafts"))["items"] == []


async def test_a_draft_that_nobody_saves_is_purged(office: Office, house: House) -> None:
    one = await office.post("amy", "/visit-drafts", {"kind": "business"}, 201)
    first = await house.timers()
    await office.post("amy", f"/visit-drafts/{one['draft_id']}/save", {"content": {}, "version": 1})
    assert (await house.timers())["visit-draft-purge"] > first["visit-draft-purge"], "saving it begins the time anew"
    await house.fire("visit-draft-purge")
    assert (await office.get("amy", "/visit-drafts"))["items"] == []


async def test_nobody_piles_up_drafts_without_end(office: Office, house: House) -> None:
    await house.bench.rows(
        "INSERT INTO visit_draft SELECT gen_random_uuid(), :owner, 'business', '{}', '{}', now(), now(), 1 "
        "FROM generate_series(1, :many)",
        owner=house.staff["amy"],
        many=MOST_DRAFTS,
    )
    assert (await office.post("amy", "/visit-drafts", {"kind": "business"}, 409))["code"] == "too-many-drafts"
    await office.post("gina", "/visit-drafts", {"kind": "business"}, 201)
