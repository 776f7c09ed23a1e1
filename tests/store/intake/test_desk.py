"""The reception desk: expected, unannounced, not come, staying longer (IN-04, IN-05, IN-06)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.intake.visits import receiving
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.visit_departed import VisitDeparted
from shared.contracts.events.visit_no_show import VisitNoShow
from shared.contracts.events.visitor_arrived import VisitorArrived
from shared.kernel import clock
from tests.store.intake.builders import House
from tests.store.intake.office import Office, office_of
from tests.store.intake.visiting import arrived, decide, hana_goes_away, refused
from tests.support.core import tombstone

_GUEST = {"name": "Paul Müller", "phone": "+8613800000005"}
_SOON = {"days": 0.2, "short_notice_reason": "a train was early"}


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    """The doors are open."""
    async with office_of(house) as made:
        yield made


def _walk_in(**changes: Any) -> dict[str, Any]:
    return {
        "guest": _GUEST,
        "guest_kind": "business",
        "purpose": "a sample",
        "host_email": "tom@example.com",
        "identity": "business-card",
        **changes,
    }


async def test_who_comes_unannounced_is_received_at_once_and_the_host_is_told(office: Office, house: House) -> None:
    """IN-04"""
    visit = await office.post("rita", "/walk-ins", _walk_in(), 201)
    assert (visit["kind"], visit["state"], visit["identity"]) == ("walk-in", "arrived", "business-card")
    (here,) = await house.published("visits")
    assert isinstance(here, VisitorArrived)
    assert (here.host_id, here.host_knows) == (house.staff["tom"], False)
    await office.post("rita", f"/visits/{visit['visit_id']}/depart", {})
    left = (await house.published("visits"))[-1]
    assert isinstance(left, VisitDeparted)
    assert left.ask_guest


async def test_where_the_host_is_away_who_stands_in_receives(office: Office, house: House) -> None:
    """IN-04"""
    await hana_goes_away(house)
    visit = await office.post("rita", "/walk-ins", _walk_in(host_email="hana@example.com"), 201)
    assert visit["host_id"] == str(house.staff["sid"])


@pytest.mark.parametrize("guest", [{"guest_kind": "applicant"}, {"guest": {"name": "Paul Müller"}}])
async def test_an_applicant_or_a_guest_without_an_address_is_asked_nothing_afterwards(
    office: Office, house: House, guest: dict[str, Any]
) -> None:
    visit = await office.post("rita", "/walk-ins", _walk_in(**guest), 201)
    left = await office.post("rita", f"/visits/{visit['visit_id']}/depart", {})
    assert (left["state"], left["callback_outcome"]) == ("closed", "not-asked")
    assert await house.told("visits") == ["visitor-arrived", "visit-departed", "visit-closed"]
    assert await house.timers() == {}


async def test_an_applicant_without_papers_fills_in_a_form_for_the_interviewer(office: Office, house: House) -> None:
    """IN-05, FM-05"""
    body = _walk_in(guest_kind="applicant", has_papers=False)
    no = await office.post("rita", "/walk-ins", body, 422)
    assert (no["code"], no["field"]) == ("applicant-form-missing", "$.form")
    form = {"position": "welder", "experience": "ten years at sea"}
    visit = (await office.post("rita", "/walk-ins", {**body, "form": form}, 201))["visit_id"]
    path = f"/visits/{visit}/applicant-form"
    assert (await office.get("tom", path))["experience"] == "ten years at sea"
    assert await house.bench.rows("SELECT count(*) FROM audit WHERE action = 'read-applicant-form'") == [1]
    (party,) = await house.bench.rows("SELECT party_id FROM visit")
    await house.again(tombstone(PartyChanged, party, 99))
    assert (await office.get("tom", path, 404))["code"] == "applicant-form-not-found"


async def test_the_desk_sees_who_is_expected_and_nobody_elses_visits(office: Office, house: House) -> None:
    """IN-06"""
    await house.ask(**_SOON)
    await house.ask(days=30)
    (one,) = (await office.get("rita", "/desk"))["items"]
    assert (one["guest"], one["host"], one["state"]) == ("Wang Wei", "Tom", "approving")
    assert (await office.get("tom", "/desk", 403))["permission"] == "visits.receive"


async def test_who_comes_before_the_way_was_confirmed_is_not_sent_away(office: Office, house: House) -> None:
    visit = await decide(house, await house.ask(**_SOON), "approved")
    here = await office.post("rita", f"/visits/{visit.id}/arrive", {"identity": "invitation"})
    assert (here["state"], here["identity"]) == ("arrived", "invitation")


async def test_who_does_not_come_is_recorded_once_the_time_has_come(house: House) -> None:
    visit = await decide(house, await house.ask(**_SOON), "approved")
    rita = house.staff["rita"]
    await refused(house, "visit-to-come", receiving.miss, visit.id, by=rita, permitted=True)
    await house.bench.rows("UPDATE visit SET arrival = now() - interval '1 hour'")
    gone = await house.do(receiving.miss, visit.id, by=rita, permitted=True)
    assert gone.state == "no_show"
    told = (await house.published("visits"))[-1]
    assert isinstance(told, VisitNoShow)
    assert (told.assumed, told.requester_id) == (False, house.staff["amy"])
    assert await house.timers() == {}


async def test_where_nobody_recorded_anything_the_guest_is_taken_not_to_have_come(house: House) -> None:
    visit = await decide(house, await house.ask(), "approved")
    assert "visit-assume-missed" in await house.timers()
    await house.fire("visit-assume-missed")
    assert (await house.visit(visit.id)).state == "no_show"
    assert (await house.published("visits"))[-1].model_dump()["assumed"]


async def test_who_has_come_is_never_taken_not_to_have(house: House) -> None:
    await arrived(house)
    assert "visit-assume-missed" not in await house.timers()


async def test_who_stays_longer_is_asked_for_later(office: Office, house: House) -> None:
    visit = await arrived(house)
    before = (await house.timers())["visit-ask-departure"]
    path = f"/visits/{visit.id}/extend"
    no = await office.post("rita", path, {"departure": visit.departure.isoformat()}, 422)
    assert no["code"] == "impossible-dates"
    later = visit.departure + timedelta(hours=5)
    assert (await office.post("rita", path, {"departure": later.isoformat()}))["state"] == "arrived"
    assert (await house.timers())["visit-ask-departure"] - before == timedelta(hours=5)
    assert clock.now() < later
