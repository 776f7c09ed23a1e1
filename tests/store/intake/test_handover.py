"""Open work of who has left, is locked or absent moves to somebody who is here; nothing stays with a leaver."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake.approvals import store as approval_store
from services.intake.directory import handover
from services.intake.directory.handover import AGAIN, MOVE
from services.intake.visits import approving, receiving, requesting
from shared.contracts.events.visit_approval_requested import VisitApprovalRequested
from shared.contracts.events.visit_handed_over import VisitHandedOver
from shared.kernel import clock
from tests.store.intake.builders import DEPARTMENTS, STAFF, House, claim, wish
from tests.store.intake.office import Office, office_of
from tests.store.intake.visiting import arrived, decide, departed, refused

_DAY = timedelta(days=1)
_OLGA = "    olga@example.com,Olga,house,gina@example.com,,operator,\n"


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    """Olga looks after the directory."""
    await house.hire(DEPARTMENTS, STAFF + _OLGA)
    async with office_of(house) as opened:
        yield opened


async def _step(office: Office, name: str, step: str, body: Any = None, status: int = 200) -> Any:
    return await office.post("olga", f"/staff/{office.house.staff[name]}/{step}", body, status)


async def _away(office: Office, name: str, first: float, last: float) -> None:
    now = clock.now()
    body = {"starts": (now + first * _DAY).isoformat(), "ends": (now + last * _DAY).isoformat()}
    await _step(office, name, "absences", body, 201)


async def _due(office: Office) -> dict[str, datetime]:
    """First name → when the timer is due."""
    people = {str(id_): name for name, id_ in office.house.staff.items()}
    rows = await office.house.bench.rows("SELECT subject, due FROM timer WHERE fired_at IS NULL AND kind = :k", k=MOVE)
    return {people[subject]: due for subject, due in rows}


async def _move(office: Office, *, now: datetime | None = None) -> None:
    await office.house.fire(MOVE, now=now)


async def _host(office: Office, visit_id: UUID) -> str:
    host = (await office.house.visit(visit_id)).host_id
    return next(name for name, id_ in office.house.staff.items() if id_ == host)


async def test_the_visits_of_who_leaves_go_to_the_manager_and_those_that_are_over_stay(office: Office) -> None:
    """CF-09."""
    house = office.house
    open_, here, over = await house.ask(), await arrived(house), await departed(house)
    await _step(office, "tom", "leave")
    assert (await _due(office))["tom"] <= clock.now()
    await _move(office)
    assert [await _host(office, each.id) for each in (open_, here, over)] == ["hana", "hana", "tom"]
    told = [event for event in await house.published("visits") if isinstance(event, VisitHandedOver)]
    assert {event.visit_id for event in told} == {open_.id, here.id}
    assert {(event.former_host_id, event.host_id, event.why) for event in told} == {
        (house.staff["tom"], house.staff["hana"], "left")
    }
    assert (await house.do(receiving.depart, here.id, by=house.staff["hana"])).state == "departed"
    detail = await house.bench.rows("SELECT detail FROM audit WHERE action = 'hand-over' AND subject_kind = 'visit'")
    assert {"why": "left", "host": [str(house.staff["tom"]), str(house.staff["hana"])]} in detail


async def test_a_visit_given_at_the_very_moment_of_leaving_is_found_by_the_second_look(office: Office) -> None:
    house = office.house
    await _step(office, "tom", "leave")
    await _move(office)
    visit = await house.ask(host="amy", requester="rita")
    await house.bench.rows("UPDATE visit SET host_id = :tom", tom=house.staff["tom"])
    assert AGAIN - _DAY / 100 < (await _due(office))["tom"] - clock.now() <= AGAIN
    await _move(office)
    assert await _host(office, visit.id) == "hana"
    assert await _due(office) == {}


async def test_an_absence_moves_what_falls_into_it_and_only_when_it_begins(office: Office) -> None:
    house = office.house
    within, after = await house.ask(days=30), await house.ask(days=60)
    await _away(office, "tom", 29, 35)
    due = (await _due(office))["tom"]
    assert abs(due - clock.now() - 29 * _DAY) < timedelta(minutes=1)
    await _move(office)
    assert [await _host(office, each.id) for each in (within, after)] == ["tom", "tom"]
    await _move(office, now=due)
    assert [await _host(office, each.id) for each in (within, after)] == ["hana", "tom"]


async def test_an_absence_taken_back_moves_nothing(office: Office) -> None:
    house = office.house
    visit = await house.ask(days=30)
    await _away(office, "tom", 29, 35)
    absence = (await office.get("tom", f"/staff/{house.staff['tom']}"))["absences"][0]["absence_id"]
    await _step(office, "tom", f"absences/{absence}/end")
    assert await _due(office) == {}
    assert await _host(office, visit.id) == "tom"


async def test_the_next_absence_is_waited_for_after_this_one(office: Office) -> None:
    await _away(office, "tom", 0, 2)
    await _away(office, "tom", 10, 12)
    await _move(office)
    await _move(office)
    assert abs((await _due(office))["tom"] - clock.now() - 10 * _DAY) < timedelta(minutes=1)


async def test_who_was_unlocked_in_the_meantime_keeps_their_work(office: Office) -> None:
    visit = await office.house.ask()
    await _step(office, "tom", "lock")
    await _step(office, "tom", "unlock")
    assert await _due(office) == {}
    await _step(office, "tom", "lock")
    await _move(office)
    await _step(office, "tom", "unlock")
    assert await _host(office, visit.id) == "hana"


async def test_a_waiting_approval_goes_to_the_substitute_and_back_in_person(office: Office) -> None:
    house = office.house
    one, other = await house.ask(), await house.ask()
    await _away(office, "hana", 0, 2)
    await _move(office)
    asked = (await house.published("visits"))[-1]
    assert isinstance(asked, VisitApprovalRequested)
    assert (asked.approver_id, asked.acting_for) == tuple(house.ids(["sid", "hana"]))
    assert (await decide(house, one, "approved", by="sid")).state == "approved"
    (approval,) = await house.do(approval_store.of_visit, one.id)
    assert (approval.decided_by, approval.acting_for) == tuple(house.ids(["sid", "hana"]))
    absence = (await office.get("tom", f"/staff/{house.staff['hana']}"))["absences"][0]["absence_id"]
    await _step(office, "hana", f"absences/{absence}/end")
    assert (await decide(house, other, "approved", by="hana")).state == "approved"


async def test_a_waiting_approval_never_goes_to_who_asked(office: Office) -> None:
    """AP-01: sid stands in for hana, but it is sid's own request."""
    visit = await office.house.ask(requester="sid")
    await _step(office, "hana", "leave")
    await _move(office)
    await refused(
        office.house, "own-request", approving.decide, visit.id, "approved", revision=1, by=office.house.staff["sid"]
    )
    assert (await decide(office.house, visit, "approved", by="gina")).state == "approved"


async def test_nobody_to_take_over_is_tried_again_until_there_is(office: Office) -> None:
    house = office.house
    visit = await house.ask(days=5, short_notice_reason="soon")
    for name in ("hana", "sid", "gina"):
        await _away(office, name, 0, 9)
    await _step(office, "tom", "leave")
    for _ in range(3):
        await _move(office)
        assert await _host(office, visit.id) == "tom"
        assert (await _due(office))["tom"] > clock.now()
    absence = (await office.get("rita", f"/staff/{house.staff['gina']}"))["absences"][0]["absence_id"]
    await _step(office, "gina", f"absences/{absence}/end")
    await _move(office)
    assert await _host(office, visit.id) == "gina"


async def test_many_things_move_a_few_at_a_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "AT_ONCE", 2)
    visits = [await office.house.ask() for _ in range(5)]
    await _step(office, "tom", "leave")
    turns = 0
    while (await _due(office)).get("tom", clock.now() + _DAY) <= clock.now():
        await _move(office)
        turns += 1
    assert turns == 3
    assert {await _host(office, each.id) for each in visits} == {"hana"}


@pytest.mark.parametrize("how", ["leave", "lock"])
async def test_nobody_who_is_not_here_becomes_a_host(office: Office, how: str) -> None:
    await _step(office, "tom", how)
    await refused(office.house, "host-unknown", _request, office.house)


async def test_nobody_is_to_receive_a_guest_on_a_day_off(office: Office) -> None:
    await _away(office, "tom", 29, 31)
    told = await refused(office.house, "host-absent", _request, office.house)
    assert told.field == "arrival"
    assert (await office.house.ask(days=40)).state == "approving"


async def _request(uow: Any, house: House) -> Any:
    guest = claim("Wang Wei", vouched=True)
    more = {"zone": None, "requester_id": house.staff["amy"]}
    return await requesting.request(uow, wish(), kind="business", guest=guest, host_id=house.staff["tom"], **more)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_to_people_access_and_work_follow(office: Office, seed: int) -> None:
    """CF-09: after any row of steps who is not here has no access, and hosts nothing that is still to come."""
    chance, house = random.Random(seed), office.house
    names = ["tom", "hana", "sid"]
    for name in ("tom", "hana", "sid", "tom"):
        await house.ask(host=name, requester="amy")
    state = dict.fromkeys(names, "working")
    away: set[str] = set()
    for name in names:
        await office.get(name, "/visits")  # a token from before, which outlives what happens next
    for _ in range(25):
        name = chance.choice(names)
        steps = {"working": ["lock", "leave", "go", "back"], "locked": ["unlock", "leave"], "left": ["rejoin"]}
        step = chance.choice(steps[state[name]])
        if step == "go" and name not in away:
            await _step(office, name, "absences", {"starts": clock.now().isoformat()}, 201)
            away.add(name)
        elif step == "back" and name in away:
            absences = (await office.get("rita", f"/staff/{house.staff[name]}"))["absences"]
            await _step(office, name, f"absences/{absences[0]['absence_id']}/end")
            away.discard(name)
        elif step not in ("go", "back"):
            answer = await _step(office, name, step)
            state[name] = answer["state"]
            away -= {name} if step == "leave" else set()
        await _move(office)
        for one in names:
            here = state[one] == "working" and one not in away
            answer = await office.client.get("/staff", headers=await office.headers(one))
            # Whoever is back has no roles yet, and is told which permission is missing.
            assert (answer.status_code == 401) == (not here), (one, state[one], one in away)
            hosts = "SELECT count(*) FROM visit WHERE host_id = :id AND state = 'approving'"
            if not here:
                assert await house.bench.rows(hosts, id=house.staff[one]) == [0], (one, state[one])
