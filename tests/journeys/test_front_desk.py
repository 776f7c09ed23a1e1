"""Who comes unannounced, and who books on the pages for guests, over real processes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from deploy.local.demo import complaints, front_desk
from deploy.local.demo.cast import Cast
from deploy.local.demo.desk import Desk
from tests.journeys.ledger import balance, events_of
from tests.journeys.people import notices
from tests.support.house import House

_NEWEST = "SELECT v.* FROM visit v JOIN party p ON p.id = v.party_id WHERE v.kind = %(kind)s ORDER BY v.id DESC LIMIT 1"


async def test_given_a_guest_whom_nobody_expected_then_the_host_is_told_and_the_guest_asked_afterwards(
    house: House, desk: Desk, cast: Cast
) -> None:
    """IN-04, VR-23"""
    await front_desk.run_walk_in(desk, cast.with_phone(), complaints.SATISFIED)
    await balance(house)

    visit = _newest(house, "walk-in")
    assert (visit["state"], visit["callback_outcome"], visit["identity"]) == ("closed", "satisfied", "business-card")
    assert _rules(house, visit) == {"visitor-arrived": 1, "visit-closed": 1}
    assert events_of(house, visit["id"])["visit-departed"] == 1


async def test_given_an_applicant_then_nobody_asks_afterwards(house: House, desk: Desk, cast: Cast) -> None:
    """IN-05"""
    applicant = cast.with_phone()

    await front_desk.run_applicant(desk, applicant)
    await balance(house)

    visit = _newest(house, "walk-in")
    assert (visit["guest_kind"], visit["callback_outcome"]) == ("applicant", "not-asked")
    assert not house.rows("callbacks", "SELECT 1 FROM callback WHERE subject_id = %(id)s", id=visit["id"])
    assert await desk.arrived(applicant.address) == []


async def test_given_a_guest_who_books_moves_and_cancels_then_each_is_told_and_the_place_is_free(
    house: House, desk: Desk, cast: Cast
) -> None:
    """IN-02, IN-03, NT-01"""
    guest = cast.with_phone()

    link = await front_desk.run_booked(desk, guest)
    booked = _newest(house, "appointment")
    await desk.page("POST", f"{link}/cancel")
    await desk.received(guest, 3)
    page = await desk.page("GET", f"{link}?lang=en")
    await balance(house)

    assert booked["state"] == "confirmed"
    assert "This appointment is cancelled" in page
    (place,) = house.rows("intake", "SELECT held FROM appointment WHERE visit_id = %(id)s", id=booked["id"])
    assert place["held"] is False
    told = events_of(house, booked["id"])
    assert (told["visit-requested"], told["visit-cancelled"]) == (1, 1)
    moved = told["visit-changed"]
    assert moved == 1
    assert _rules(house, booked) == {
        "appointment-confirmed": 1,
        "appointment-booked": 1,
        "visit-changed": 1,
        "visit-changed-guest": 1,
        "visit-cancelled-guest": 1,
        "visit-cancelled-host": 1,
    }


def _newest(house: House, kind: str) -> dict[str, Any]:
    (row,) = house.rows("intake", _NEWEST, kind=kind)
    return row


def _rules(house: House, visit: dict[str, Any]) -> Counter[str]:
    return Counter(notice["rule"] for notice in notices(house, visit["id"]))
