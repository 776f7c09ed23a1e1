"""Appointments: each place once, moved and given back (IN-02, IN-03, FM-06)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from services.intake.appointments import commands
from services.intake.appointments.handover import move_offers
from services.intake.directory.handover import Away, Moved
from services.intake.visits import revising
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.contracts.events.visit_changed import VisitChanged
from shared.contracts.events.visit_requested import VisitRequested
from shared.security import directory
from tests.store.intake.booking import at, filled_in, link_of, once, opened, post, row, sent, starts
from tests.store.intake.builders import House
from tests.store.intake.office import Office, browser_of, office_of
from tests.store.intake.visiting import hana_goes_away, refused
from tests.support.core import tombstone

_GUEST = {"name": "林晓", "phone": "+8613800000007"}


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    """The doors are open."""
    async with office_of(house) as made:
        yield made


async def test_fifty_browsers_after_the_last_place_and_one_has_it(office: Office, house: House) -> None:
    """IN-02"""
    await opened(office)
    (slot, *_) = await starts(office)
    page = await once(office)

    async def press(number: int) -> httpx.Response:
        async with browser_of(office.app, f"10.{number}.0.1") as browser:
            # From the same page as if somebody had handed it around: only who fills it in differs.
            form = filled_in(slot, phone=f"+86138{number:08}")
            return await browser.post("/book/service?lang=en", data={"once": page, **form})

    answers = await asyncio.gather(*map(press, range(50)))
    assert Counter(answer.status_code for answer in answers) == {303: 1, 409: 49}
    assert all("Somebody else has just taken this time" in each.text for each in answers if each.status_code == 409)
    assert await house.bench.rows("SELECT count(*) FROM visit") == [1]
    assert await house.told("visits") == ["visit-requested"]
    assert slot not in await starts(office)


async def test_a_slot_has_as_many_places_as_are_offered(office: Office, house: House) -> None:
    await opened(office, places=2)
    (slot, *_) = await starts(office)
    answers = [await sent(office, filled_in(slot, phone=f"+86138{number:08}")) for number in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 409]
    assert sorted(await house.bench.rows("SELECT place FROM appointment")) == [0, 1]


async def test_what_is_booked_is_confirmed_at_once_and_a_visit(office: Office, house: House) -> None:
    """IN-02, IN-03"""
    await opened(office, asks_plate=True)
    (slot, *_) = await starts(office)
    await sent(office, filled_in(slot, plate=" 京A·12345 "))
    found = await row(office)
    assert (found["state"], found["kind"], found["plate"], found["zone"]) == (
        "confirmed",
        "appointment",
        "京A·12345",
        "Asia/Shanghai",
    )
    (told,) = await house.published("visits")
    assert isinstance(told, VisitRequested)
    assert (told.kind, told.host_id, told.arrival, told.asked_by_guest) == (
        "appointment",
        house.staff["tom"],
        at(slot),
        True,
    )
    assert told.departure - told.arrival == timedelta(minutes=30)
    assert "visit-assume-missed" in await house.timers()


async def test_a_form_that_is_sent_twice_books_once(office: Office, house: House) -> None:
    await opened(office, places=5)
    slot, later, *_ = await starts(office)
    form = {"once": await once(office), **filled_in(slot)}
    first, again = await asyncio.gather(post(office, "/book/service", form), post(office, "/book/service", form))
    assert link_of(first) == link_of(again)
    assert await house.bench.rows("SELECT count(*) FROM visit") == [1]
    other = await post(office, "/book/service", {**form, "starts": later})
    assert link_of(other) != link_of(first)


async def test_an_address_has_three_appointments_at_most(office: Office) -> None:
    await opened(office)
    first, second, third, fourth, *_ = await starts(office)
    for slot in (first, second, third):
        link = link_of(await sent(office, filled_in(slot)))
    no = await sent(office, filled_in(fourth))
    assert (no.status_code, "appointments enough" in no.text) == (409, True)
    await post(office, f"{link}/cancel")
    assert (await sent(office, filled_in(fourth))).status_code == 303


async def test_an_appointment_moves_and_its_old_place_is_free(office: Office, house: House) -> None:
    await opened(office)
    slot, later, *_ = await starts(office)
    link = link_of(await sent(office, filled_in(slot)))
    await post(office, f"{link}/move", {"starts": later})
    free = await starts(office)
    assert slot in free
    assert later not in free
    moved = (await house.published("visits"))[-1]
    assert isinstance(moved, VisitChanged)
    assert (moved.change, moved.arrival, moved.guest_was_told, moved.revision) == ("rescheduled", at(later), True, 2)
    again = await post(office, f"{link}/move", {"starts": later})
    assert link_of(again) == link
    assert len(await house.told("visits")) == 2


async def test_two_who_swap_their_slots_do_not_both_succeed_into_one(office: Office, house: House) -> None:
    await opened(office)
    one, two, *_ = await starts(office)
    first = link_of(await sent(office, filled_in(one)))
    second = link_of(await sent(office, filled_in(two, phone="+8613800000008")))
    answers = await asyncio.gather(
        post(office, f"{first}/move", {"starts": two}), post(office, f"{second}/move", {"starts": one})
    )
    assert [answer.status_code for answer in answers] == [409, 409]
    rows = await house.bench.rows("SELECT starts FROM appointment WHERE held ORDER BY starts")
    assert rows == [at(one), at(two)]


async def test_a_cancelled_appointment_gives_its_place_back(office: Office, house: House) -> None:
    await opened(office)
    (slot, *_) = await starts(office)
    link = link_of(await sent(office, filled_in(slot)))
    for _ in range(2):
        assert link_of(await post(office, f"{link}/cancel")) == link
    assert slot in await starts(office)
    (_, off) = await house.published("visits")
    assert isinstance(off, VisitCancelled)
    assert off.guest_was_told
    assert await house.timers() == {}
    no = await post(office, f"{link}/move", {"starts": slot})
    assert no.status_code == 409
    assert link_of(await sent(office, filled_in(slot, phone="+8613800000008"))) != link


async def test_staff_book_move_and_cancel_for_who_calls(office: Office, house: House) -> None:
    await opened(office)
    slot, later, *_ = await starts(office)
    asked = {"offer": "service", "starts": slot, "guest": _GUEST}
    visit = (await office.post("rita", "/appointments", asked, 201))["visit_id"]
    no = await office.post("amy", "/appointments", {**asked, "guest": {**_GUEST, "phone": "+8613800000009"}}, 409)
    assert (no["code"], no["field"]) == ("slot-taken", "$.starts")
    assert (await office.post("tom", "/appointments", asked, 403))["permission"] == "visits.receive"
    assert (await office.post("rita", f"/visits/{visit}/move", {"starts": later}))["revision"] == 2
    assert (await office.post("sid", f"/visits/{visit}/move", {"starts": slot}, 403))["permission"] == "visits.receive"
    await office.post("tom", f"/visits/{visit}/cancel", {})
    (_, _, off) = await house.published("visits")
    assert off.model_dump()["guest_was_told"], "they were told that they have an appointment"
    assert slot in await starts(office)


async def test_dates_of_an_appointment_are_slots(office: Office, house: House) -> None:
    await opened(office)
    (slot, *_) = await starts(office)
    await sent(office, filled_in(slot))
    visit = (await row(office))["visit_id"]
    dates = {"arrival": at(slot) + timedelta(hours=1), "departure": at(slot) + timedelta(hours=2)}
    by = {"by": house.staff["tom"], "short_notice_reason": None}
    await refused(house, "slot-unknown", revising.reschedule, visit, **dates, **by)
    business = await house.ask()
    gone = await office.post("rita", f"/visits/{business.id}/move", {"starts": slot}, 404)
    assert gone["code"] == "appointment-not-found"


async def test_an_appointment_whose_time_has_come_stays_as_it_is(office: Office, house: House) -> None:
    await opened(office)
    slot, later, *_ = await starts(office)
    link = link_of(await sent(office, filled_in(slot)))
    await house.bench.rows("UPDATE visit SET arrival = now() - interval '1 minute'")
    for act, form in (("move", {"starts": later}), ("cancel", {})):
        assert (await post(office, f"{link}/{act}", form)).status_code == 409
    await refused(house, "appointment-over", commands.move, (await row(office))["visit_id"], at(later))
    assert "This appointment is over" in (await office.client.get(f"{link}?lang=en")).text


async def test_who_stands_in_receives_and_where_nobody_does_nothing_is_booked(office: Office, house: House) -> None:
    await opened(office, host_id=str(house.staff["hana"]))
    await hana_goes_away(house)
    (slot, *_) = await starts(office)
    await sent(office, filled_in(slot))
    assert (await row(office))["host_id"] == str(house.staff["sid"])


async def test_the_offers_of_who_has_left_go_to_who_takes_over(office: Office, house: House) -> None:
    await opened(office)
    tom = await house.do(directory.member, house.staff["tom"])
    assert await house.do(move_offers, Away(tom, "absent"), 20) == Moved()
    assert await house.do(move_offers, Away(tom, "left"), 20) == Moved(1)
    assert await house.bench.rows("SELECT host_id FROM appointment_offer") == [house.staff["hana"]]
    assert await house.do(move_offers, Away(tom, "left"), 20) == Moved()


async def test_only_who_leads_a_department_offers_its_slots(office: Office, house: House) -> None:
    await opened(office)
    (house_id,) = await house.bench.rows("SELECT id FROM department WHERE code = 'house'")
    offer = {"host_id": str(house.staff["tom"]), "names": {"zh": "问", "en": "Ask"}, "minutes": 15}
    mine = {**offer, "department_id": str(house_id)}
    assert (await office.post("hana", "/appointment-offers/ask", mine, 403))["permission"] == "calendars.manage"
    assert (await office.post("tom", "/appointment-offers/ask", mine, 403))["permission"] == "calendars.manage"
    assert (await office.post("gina", "/appointment-offers/ask", mine))["version"] == 1
    nobody = {**mine, "host_id": str(house_id)}
    assert (await office.post("gina", "/appointment-offers/ask", nobody, 422))["field"] == "$.host_id"
    assert (await office.post("gina", "/appointment-offers/ask", {**mine, "closed": True}))["version"] == 2
    assert [one["code"] for one in (await office.get("tom", "/appointment-offers"))["items"]] == ["ask", "service"]
    assert (await office.client.get("/book/ask")).status_code == 404


async def test_an_erased_guest_leaves_a_place_that_is_taken(office: Office, house: House) -> None:
    await opened(office, asks_plate=True)
    (slot, *_) = await starts(office)
    await sent(office, filled_in(slot, plate="京A12345"))
    (party,) = await house.bench.rows("SELECT party_id FROM visit")
    await house.again(tombstone(PartyChanged, party, 99))
    assert await house.bench.rows("SELECT plate, address_id, form_id, held FROM appointment") == [
        (None, "", None, True)
    ]


async def test_the_desk_sees_the_plate(office: Office) -> None:
    """FM-06, IN-06"""
    await opened(office, asks_plate=True, notice_minutes=0)
    soon = (await office.get("tom", "/appointment-offers/service/slots"))["items"]
    slot = soon[0]["starts"] if soon else (await starts(office))[0]
    await sent(office, filled_in(slot, plate="京A12345"))
    (expected,) = (await office.get("rita", "/desk"))["items"]
    assert (expected["kind"], expected["plate"], expected["guest"]) == ("appointment", "京A12345", "林晓")
