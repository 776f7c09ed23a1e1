"""A visit's whole way over real processes: asked for, decided, received, asked afterwards."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from deploy.local.demo import visits
from deploy.local.demo.cast import WEB, Cast, Person
from deploy.local.demo.desk import DemoFailed, Desk
from deploy.local.environment import SHORTENED
from shared.kernel import clock
from tests.journeys.ledger import balance, events_of
from tests.journeys.people import hears, in_state, notices, staff_hears
from tests.support.house import House

_LATER = timedelta(days=9)
_REMINDED_SOON = timedelta(seconds=25) + timedelta(seconds=4)
"""Until arrival, so that the reminder is due in four seconds."""

_CALLBACK = "SELECT * FROM callback WHERE subject_id = %(visit)s AND state <> 'planned'"


async def test_given_a_guest_who_asks_when_all_goes_well_then_each_is_told_once_and_the_visit_closed(
    house: House, desk: Desk, cast: Cast
) -> None:
    """VR-03, AP-01, VR-05, VR-23, VR-26, NT-01, NT-05, NT-10"""
    assert SHORTENED["FRONTDESK_INTAKE_VISIT_REMINDER_BEFORE"] == "PT25S"
    guest = cast.with_phone()

    asked = await desk.channel(WEB, "POST", "/channel-visits", visits.request(guest, clock.now() + _LATER))
    visit = asked["id"]
    await desk.received(guest, 1)
    await visits.decide(desk, visit, "approve")
    await desk.received(guest, 2)
    await staff_hears(desk, "host", guest.name)
    moved = visits.wish(clock.now() + _REMINDED_SOON)
    dates = {name: moved[name] for name in ("arrival", "departure", "short_notice_reason")}
    await desk.staff("host", "intake", "POST", f"/visits/{visit}/reschedule", dates)
    await desk.staff("reception", "intake", "POST", f"/visits/{visit}/confirm")
    await desk.received(guest, 4)
    await desk.staff("reception", "intake", "POST", f"/visits/{visit}/arrive")
    await desk.staff("reception", "intake", "POST", f"/visits/{visit}/depart", {})
    question = (await desk.received(guest, 5))[4]
    await desk.answer(guest, question, "1")
    await visits.state(desk, visit, "closed")
    await balance(house)

    row = _row(house, visit)
    callback = await in_state(house, "callbacks", _CALLBACK, visit=visit)
    assert (row["revision"], row["callback_outcome"], callback["occasion"]) == (2, "satisfied", 2)
    assert callback["due"] >= row["home_arrival"] > row["departed_at"]
    assert Counter(notice["rule"] for notice in notices(house, visit)) == {
        "visit-received": 1,
        "visit-approval": 1,
        "visit-confirmed": 1,
        "visit-approved-host": 1,
        "visit-changed": 1,
        "visit-changed-guest": 1,
        "visit-reminder": 1,
        "visitor-arrived": 1,
        "visit-closed": 1,
    }
    assert {notice["state"] for notice in notices(house, visit)} == {"delivered"}
    told = events_of(house, visit)
    for name in ("requested", "approval-requested", "approved", "departed", "closed"):
        assert told[f"visit-{name}"] == 1, name
    assert told["visitor-arrived"] == 1
    assert len(await desk.arrived(guest.address)) == 5


async def test_given_a_visit_asked_for_by_the_host_when_requested_then_the_guest_hears_nothing_before_approval(
    house: House, desk: Desk, cast: Cast
) -> None:
    """NT-01: a guest hears "received" only if the guest asked."""
    guest = cast.with_email()

    visit = await _asked_by_host(desk, guest)
    await balance(house)
    before = await desk.arrived(guest.address)
    await visits.decide(desk, visit, "approve")
    (first,) = await desk.received(guest, 1)

    assert before == []
    assert "confirmed" in first["subject"]


async def test_given_a_returned_request_when_resubmitted_then_only_the_new_revision_can_be_approved(
    house: House, desk: Desk, cast: Cast
) -> None:
    """AP-01: an approval belongs to one revision. Who was told of a visit hears that it is off."""
    guest = cast.with_phone()
    visit = await _asked_by_host(desk, guest)

    await visits.decide(desk, visit, "return", "Please say who comes along.")
    await staff_hears(desk, "host", guest.name)
    mended = visits.wish(clock.now() + _LATER)
    await desk.staff("host", "intake", "POST", f"/visits/{visit}/resubmit", mended)
    with pytest.raises(DemoFailed, match="409 visit-revision"):
        await desk.staff("sales-head", "intake", "POST", f"/visits/{visit}/approve", {"revision": 1})
    await visits.decide(desk, visit, "approve")
    await desk.received(guest, 1)
    await desk.staff("host", "intake", "POST", f"/visits/{visit}/cancel", {"reason": "The guest fell ill."})
    await desk.received(guest, 2)
    await balance(house)

    told = Counter(notice["rule"] for notice in notices(house, visit))
    assert (told["visit-returned"], told["visit-approval"]) == (1, 2)
    assert (told["visit-cancelled-guest"], told["visit-cancelled-host"]) == (1, 1)
    assert _row(house, visit)["state"] == "cancelled"
    assert not house.rows("callbacks", "SELECT 1 FROM callback WHERE subject_id = %(visit)s", visit=visit)


@pytest.mark.parametrize("by_guest", [True, False], ids=["asked-by-the-guest", "asked-by-the-host"])
async def test_given_a_rejected_request_then_who_asked_hears_of_it(
    house: House, desk: Desk, cast: Cast, by_guest: bool
) -> None:
    """NT-03, VR-03"""
    guest = cast.with_email()
    if by_guest:
        body = visits.request(guest, clock.now() + _LATER)
        visit = str((await desk.channel(WEB, "POST", "/channel-visits", body))["id"])
        await desk.received(guest, 1)  # A rejection would withdraw what was not sent by then.
    else:
        visit = await _asked_by_host(desk, guest)

    await visits.decide(desk, visit, "reject", "No capacity that week.")
    await staff_hears(desk, "host", guest.name)
    await balance(house)

    told = Counter(notice["rule"] for notice in notices(house, visit))
    assert told["visit-rejected"] == 1
    assert told["visit-rejected-guest"] == (1 if by_guest else 0)
    assert len(await desk.arrived(guest.address)) == (2 if by_guest else 0)


async def test_given_a_dissatisfied_guest_when_they_answer_then_the_visit_closes_and_a_complaint_begins(
    house: House, desk: Desk, cast: Cast
) -> None:
    """CB-20"""
    guest = cast.with_phone("en")
    visit = await _asked_by_host(desk, guest)
    await visits.decide(desk, visit, "approve")
    await desk.received(guest, 1)
    for step, body in (("confirm", None), ("arrive", None), ("depart", {})):
        await desk.staff("reception", "intake", "POST", f"/visits/{visit}/{step}", body)

    question = (await desk.received(guest, 2))[1]
    await desk.answer(guest, question, "3, nobody met me at the gate")
    await visits.state(desk, visit, "closed")
    callback = await in_state(house, "callbacks", _CALLBACK, visit=visit)
    message = await in_state(
        house, "intake", "SELECT * FROM channel_message WHERE party_id = %(party)s AND ticket_number IS NOT NULL",
        party=callback["party_id"],
    )  # fmt: skip
    await hears(desk, guest.address, message["ticket_number"])
    await balance(house)

    assert (message["channel"], message["text"]) == ("callback", "3, nobody met me at the gate")
    assert len(house.rows("complaints", "SELECT 1 FROM ticket WHERE party_id = %(id)s", id=callback["party_id"])) == 1
    assert len(await desk.arrived(guest.address)) == 3


async def _asked_by_host(desk: Desk, guest: Person) -> str:
    asked = await desk.staff("host", "intake", "POST", "/visits", visits.request(guest, clock.now() + _LATER))
    return str(asked["visit_id"])


def _row(house: House, visit: str) -> dict[str, Any]:
    (row,) = house.rows("intake", "SELECT * FROM visit WHERE id = %(id)s", id=visit)
    return row
