"""What plans a callback, and what makes it pointless."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from services.callbacks.callbacks.model import callback_id
from services.callbacks.settings import settings
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.events.visit_cancelled import VisitCancelled
from shared.kernel import clock
from shared.kernel.categories import next_call_allowed
from shared.kernel.ids import new_id
from tests.store.callbacks.world import EMAIL, PHONE, World, closed, departed, reopened, resolved, zone_at


async def test_given_a_resolved_ticket_then_one_callback_is_planned_within_three_days(world: World) -> None:
    """CB-04, CP-15."""
    known = await world.party()
    event = resolved(known)

    await world.tell(event)

    (planned,) = await world.told("callback-planned")
    assert planned["callback_id"] == str(callback_id("complaint-resolved", event.ticket_id, 1))
    assert (planned["mode"], planned["occasion"], planned["subject_kind"]) == ("message", 1, "ticket")
    assert datetime.fromisoformat(planned["due"]) == event.resolved_at + timedelta(days=1)
    assert datetime.fromisoformat(planned["latest"]) == event.resolved_at + timedelta(days=3)
    assert await world.pending() == [("callback-due", {"attempt": 1})]
    assert await world.bench.rows("SELECT about FROM outbox") == [[str(known.party_id)]]


async def test_given_a_longer_delay_than_the_rule_allows_then_the_deadline_wins(world: World, monkeypatch) -> None:
    """CB-04."""
    monkeypatch.setenv("FRONTDESK_CALLBACKS_COMPLAINT_DELAY", "P9D")
    settings.cache_clear()
    event = resolved(await world.party())

    await world.tell(event)

    assert (await world.told("callback-planned"))[0]["due"] == (await world.told("callback-planned"))[0]["latest"]


async def test_given_the_same_resolution_twice_then_it_is_planned_once(world: World) -> None:
    event = resolved(await world.party())

    await world.tell(event, event)

    assert await world.story() == ["callback-planned"]
    assert await world.state(event.ticket_id) == "planned"


async def test_given_a_party_that_is_not_known_yet_then_the_callback_waits_for_it(world: World) -> None:
    known = PartyChanged(party_id=new_id(), addresses=(PHONE,))
    event = resolved(known)

    await world.tell(event)
    held = await world.bench.held_rows()
    await world.tell(known)
    await world.bench.held.run_due()

    assert [row[2:] for row in held] == [("waiting", "needs parties")]
    assert await world.state(event.ticket_id) == "planned"


async def test_given_a_newer_resolution_then_the_older_callback_is_superseded_for_good(
    world: World,
) -> None:
    """An older resolution_no is recorded as superseded."""
    known = await world.party()
    first = resolved(known)
    second = resolved(known, first.ticket_id, resolution_no=2)

    await world.tell(first, second, first)

    assert await world.state(first.ticket_id, 1) == "superseded"
    assert await world.state(first.ticket_id, 2) == "planned"
    assert await world.notes() == ["superseded:older-occasion"]
    assert len(await world.pending()) == 1


async def test_given_a_resolution_of_long_ago_then_nothing_is_planned(world: World) -> None:
    await world.tell(resolved(await world.party()), age=timedelta(days=31))

    assert await world.story() == []
    assert await world.notes() == ["stale"]


async def test_given_an_erased_party_then_nothing_is_planned(world: World) -> None:
    known = await world.party()
    await world.erase(known.party_id)

    await world.tell(resolved(known))

    assert await world.story() == []
    assert await world.notes() == ["superseded:party-erased"]


async def test_given_a_reopened_ticket_before_the_callback_then_nobody_is_asked(world: World) -> None:
    event = resolved(await world.party())
    await world.tell(event, reopened(event))

    await world.let_time_pass()

    assert await world.state(event.ticket_id) == "superseded"
    assert await world.story() == ["callback-planned"]


async def test_given_a_closed_ticket_before_the_callback_then_nobody_is_asked(world: World) -> None:
    event = resolved(await world.party())
    await world.tell(event, closed(event))

    await world.let_time_pass()

    assert await world.state(event.ticket_id) == "cancelled"
    assert await world.story() == ["callback-planned"]


async def test_given_a_reopening_of_an_older_resolution_then_the_newer_callback_stays(world: World) -> None:
    known = await world.party()
    first = resolved(known)
    await world.tell(first, resolved(known, first.ticket_id, resolution_no=2), reopened(first))

    assert await world.state(first.ticket_id, 2) == "planned"


async def test_given_a_departed_visitor_then_the_callback_waits_until_the_arrival_home(world: World) -> None:
    """CB-01, VR-23."""
    event = departed(await world.party())

    await world.tell(event, event)

    (planned,) = await world.told("callback-planned")
    assert datetime.fromisoformat(planned["due"]) == event.home_arrival + timedelta(hours=1)
    assert (planned["rule"], planned["subject_kind"]) == ("visit-departed", "visit")


async def test_given_a_cancelled_visit_then_nobody_is_asked_about_it(world: World) -> None:
    known = await world.party()
    event = departed(known)
    cancelled = VisitCancelled(
        visit_id=event.visit_id,
        revision=1,
        party_id=known.party_id,
        host_id=uuid4(),
        guest_was_told=True,
        arrival=clock.now(),
    )

    await world.tell(event, cancelled, cancelled)

    assert await world.state(event.visit_id) == "cancelled"
    assert await world.pending() == []


async def test_given_a_major_complaint_then_a_call_is_planned_outside_the_quiet_hours(world: World) -> None:
    """CB-02, CB-04: never in the rest period."""
    known = await world.party(zone=zone_at(23))
    event = resolved(known, major=True)

    await world.tell(event)

    (planned,) = await world.told("callback-planned")
    due = datetime.fromisoformat(planned["due"])
    assert planned["mode"] == "phone"
    assert next_call_allowed(due, ZoneInfo(known.zone)) == due > event.resolved_at + timedelta(days=1)


async def test_given_an_erased_party_then_its_open_callbacks_end_and_its_address_is_forgotten(world: World) -> None:
    known = await world.party(PHONE, EMAIL)
    event = resolved(known, address_id=EMAIL.address_id)
    await world.tell(event)

    await world.erase(known.party_id)

    row = await world.callback(event.ticket_id)
    assert (row["state"], row["end_reason"], row["address_id"]) == ("cancelled", "party-erased", None)
    assert await world.pending() == []


async def test_given_a_guest_who_is_not_to_be_asked_then_nothing_is_planned(world: World) -> None:
    """IN-04: nobody asks an applicant how the reception was."""
    await world.tell(departed(await world.party(), ask_guest=False))

    assert await world.story() == []
