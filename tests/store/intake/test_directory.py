"""Departments and staff over HTTP: who may change what, and what becomes of it everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.intake.directory.operator import staff_password, token
from shared.contracts.events.department_changed import DepartmentChanged
from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel import clock
from shared.kernel.errors import Refused
from tests.store.intake.builders import DEPARTMENTS, STAFF, House
from tests.store.intake.office import Office, office_of

_DAY = timedelta(days=1)
_MAY = "    olga@example.com,Olga,house,gina@example.com,,operator,\n"


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    """Olga looks after the directory."""
    await house.hire(DEPARTMENTS, STAFF + _MAY)
    async with office_of(house) as opened:
        yield opened


def _staff(office: Office, name: str, rest: str = "") -> str:
    return f"/staff/{office.house.staff[name]}{rest}"


async def _published(office: Office) -> StaffChanged:
    event = (await office.house.published("staff"))[-1]
    assert isinstance(event, StaffChanged)
    return event


def _absence(first: float, last: float | None, **more: Any) -> dict[str, Any]:
    now = clock.now()
    ends = {} if last is None else {"ends": (now + last * _DAY).isoformat()}
    return {"starts": (now + first * _DAY).isoformat(), **ends, **more}


# --- departments ----------------------------------------------------------------------------------------------------


async def test_a_department_is_added_moved_closed_and_opened_again_and_everybody_hears_of_it(office: Office) -> None:
    house, sales = [row["department_id"] for row in (await office.get("tom", "/departments"))["items"]]
    made = await office.post("olga", "/departments", {"code": "north", "name": "North", "parent_id": sales}, 201)
    path = f"/departments/{made['department_id']}"
    moved = await office.post("olga", f"{path}/change", {"parent_id": house, "name": "North coast"})
    assert (moved["parent_id"], moved["name"], moved["code"], moved["version"]) == (house, "North coast", "north", 2)
    assert (await office.post("olga", f"{path}/close"))["state"] == "closed"
    event = (await office.house.published("departments"))[-1]
    assert isinstance(event, DepartmentChanged)
    assert (event.active, str(event.parent_id)) == (False, house)
    refused = await office.post("olga", f"{path}/change", {"name": "N"}, 409)
    assert refused["code"] == "department-state"
    assert (await office.post("olga", f"{path}/reopen"))["state"] == "open"
    assert (await office.get("tom", path))["version"] == 4


async def test_a_department_cannot_lie_below_itself_and_one_in_use_is_not_closed(office: Office) -> None:
    house, sales = [row["department_id"] for row in (await office.get("tom", "/departments"))["items"]]
    circle = await office.post("olga", f"/departments/{house}/change", {"parent_id": sales}, 409)
    assert (circle["code"], circle["field"]) == ("department-circle", "$.parent_id")
    assert (await office.post("olga", f"/departments/{sales}/close", status=409))["code"] == "department-in-use"
    taken = await office.post("olga", "/departments", {"code": "sales", "name": "Again"}, 409)
    assert (taken["code"], taken["field"]) == ("department-exists", "$.code")


async def test_two_moves_at_once_close_no_circle(office: Office) -> None:
    """Each alone would do; whichever comes second sees the first."""
    ids = []
    for code in ("east", "west"):
        made = await office.post("olga", "/departments", {"code": code, "name": code}, 201)
        ids.append(made["department_id"])
    headers = await office.headers("olga")

    async def below(one: str, other: str) -> int:
        body = {"parent_id": other}
        return (await office.client.post(f"/departments/{one}/change", json=body, headers=headers)).status_code

    assert sorted(await asyncio.gather(below(ids[0], ids[1]), below(ids[1], ids[0]))) == [200, 409]


async def test_nobody_else_changes_departments_and_the_refusal_names_the_permission(office: Office) -> None:
    refused = await office.post("hana", "/departments", {"code": "x", "name": "X"}, 403)
    assert refused["permission"] == "departments.manage"


# --- staff ----------------------------------------------------------------------------------------------------------


async def test_somebody_new_is_hired_and_signs_in_once_an_account_is_opened(office: Office) -> None:
    sales = (await office.get("tom", _staff(office, "tom")))["department_id"]
    body = {"email": "Nia@Example.com", "name": "Nia", "department_id": sales, "roles": ["agent"], "areas": ["n", "n"]}
    made = await office.post("olga", "/staff", body, 201)
    assert (made["email"], made["state"], made["areas"]) == ("nia@example.com", "working", ["n"])
    assert (await _published(office)).areas == ("n",)
    password = await staff_password(office.house.bench.database, "nia@example.com")
    signed = await office.client.post("/token", json={"email": "nia@example.com", "password": password})
    assert signed.status_code == 200
    assert (await office.post("olga", "/staff", body, 409))["code"] == "staff-exists"


async def test_each_field_needs_its_permission_and_some_are_one_s_own(office: Office) -> None:
    mine = await office.post("tom", _staff(office, "tom", "/change"), {"phone": "+8613900000009", "language": "en"})
    assert (mine["phone"], mine["language"]) == ("+8613900000009", "en")
    for body, field, permission in (
        ({"name": "Thomas"}, "$.name", "staff.manage"),
        ({"roles": ["operator"]}, "$.roles", None),
        ({"weight": 9}, "$.weight", "staff.manage"),
    ):
        refused = await office.post("tom", _staff(office, "tom", "/change"), body, 403)
        assert (refused["field"], refused.get("permission")) == (field, permission)
    others = await office.post("tom", _staff(office, "amy", "/change"), {"phone": "+8613900000008"}, 403)
    assert others["permission"] == "staff.manage"
    unchanged = await office.post("tom", _staff(office, "tom", "/change"), {"weight": 1})
    assert unchanged["version"] == mine["version"]


async def test_nobody_gives_themself_power(office: Office) -> None:
    for path, body in (("/change", {"roles": ["general-manager"]}), ("/lock", None), ("/leave", None)):
        refused = await office.post("olga", _staff(office, "olga", path), body, 403)
        assert refused["code"] == "own-account"


async def test_what_was_changed_is_recorded_from_what_to_what_without_personal_data(office: Office) -> None:
    await office.post("olga", _staff(office, "tom", "/change"), {"roles": ["engineer"], "name": "Thomas"})
    (detail,) = await office.house.bench.rows("SELECT detail FROM audit WHERE action = 'change'")
    assert detail == {"fields": ["name", "roles"], "roles": [["liaison"], ["engineer"]]}


async def test_managers_and_substitutes_lead_to_somebody_else(office: Office) -> None:
    staff = office.house.staff
    own = await office.post("olga", _staff(office, "gina", "/change"), {"manager_id": str(staff["tom"])}, 422)
    assert (own["code"], own["field"]) == ("staff-circle", "$.manager_id")
    loop = await office.post("olga", _staff(office, "sid", "/change"), {"substitute_id": str(staff["hana"])}, 422)
    assert (loop["code"], loop["field"]) == ("staff-circle", "$.substitute_id")


async def test_the_phone_is_null_for_who_may_not_see_it(office: Office) -> None:
    """CF-08, by field: one's own, those one leads, and as far as the permission reaches."""
    shown = {name: (await office.get(name, _staff(office, "tom")))["phone"] for name in ("tom", "hana", "sid", "amy")}
    assert shown == {"tom": "+8613900000001", "hana": "+8613900000001", "sid": "+8613900000001", "amy": None}


async def test_staff_are_found_by_department_with_all_below_role_area_and_state(office: Office) -> None:
    house, sales = [row["department_id"] for row in (await office.get("tom", "/departments"))["items"]]
    await office.post("olga", _staff(office, "rita", "/change"), {"areas": ["east"]})
    await office.post("olga", _staff(office, "amy", "/lock"))

    async def found(query: str) -> set[str]:
        return {row["name"] for row in (await office.get("tom", f"/staff?{query}"))["items"]}

    assert await found(f"department_id={sales}") == {"Hana", "Sid", "Tom"}
    assert len(await found(f"department_id={house}")) == 7
    assert await found("role=supervisor") == {"Sid"}
    assert await found("area=east") == {"Rita"}
    assert await found("state=locked") == {"Amy"}
    first = await office.get("tom", "/staff?limit=4")
    rest = await office.get("tom", f"/staff?limit=4&after={first['next']}")
    assert len({row["staff_id"] for row in first["items"] + rest["items"]}) == 7
    assert rest["next"] is None


# --- locked, gone, away ---------------------------------------------------------------------------------------------


async def test_a_locked_account_opens_nothing_until_it_is_unlocked(office: Office) -> None:
    await office.get("tom", "/visits")
    assert (await office.post("olga", _staff(office, "tom", "/lock")))["state"] == "locked"
    assert (await _published(office)).locked
    assert (await office.get("tom", "/visits", 401))["code"] == "account-locked"
    body = {"email": "tom@example.com", "password": office.house.passwords["tom"]}
    assert (await office.client.post("/token", json=body)).json()["code"] == "account-locked"
    wrong = await office.client.post("/token", json={**body, "password": "not his"})
    assert wrong.json()["code"] == "sign-in"
    with pytest.raises(Refused, match="account-locked"):
        await token(office.house.bench.database, "tom@example.com")
    await office.post("olga", _staff(office, "tom", "/unlock"))
    await office.get("tom", "/visits")
    assert (await office.post("hana", _staff(office, "tom", "/lock"), status=403))["permission"] == "staff.lock"


async def test_who_has_left_has_no_access_no_password_and_no_roles_also_when_back(office: Office) -> None:
    """CF-09."""
    await office.get("tom", "/visits")
    gone = await office.post("olga", _staff(office, "tom", "/leave"))
    assert (gone["state"], gone["roles"]) == ("left", [])
    assert (await office.get("tom", "/visits", 401))["code"] == "account-inactive"
    back = await office.post("olga", _staff(office, "tom", "/rejoin"))
    assert (back["state"], back["roles"]) == ("working", [])
    body = {"email": "tom@example.com", "password": office.house.passwords["tom"]}
    assert (await office.client.post("/token", json=body)).json()["code"] == "sign-in"
    assert (await office.get("tom", "/visits", 403))["permission"] == "visits.read"


async def test_an_absence_bars_and_ends_by_the_clock_or_by_somebody(office: Office) -> None:
    away = await office.post("tom", _staff(office, "tom", "/absences"), _absence(0, 3), 201)
    assert (await office.get("tom", "/visits", 401))["code"] == "account-absent"
    path = _staff(office, "tom", f"/absences/{away['absences'][0]['absence_id']}/end")
    assert (await office.post("amy", path, status=403))["permission"] == "staff.record-absence"
    assert (await office.post("hana", path))["absences"] == []
    await office.get("tom", "/visits")
    assert (await office.post("hana", path, status=404))["code"] == "absence-not-found"


async def test_absences_are_one_s_own_one_s_people_s_or_one_s_department_s(office: Office) -> None:
    await office.post("sid", _staff(office, "tom", "/absences"), _absence(10, 11), 201)
    refused = await office.post("sid", _staff(office, "amy", "/absences"), _absence(10, 11), 403)
    assert refused["permission"] == "staff.record-absence"
    assert refused["expected"] == "the permission staff.record-absence over this department"
    await office.post("gina", _staff(office, "amy", "/absences"), _absence(10, 11), 201)


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (_absence(5, 4), 422, "absence-dates", "$.ends"),
        (_absence(-5, -1), 422, "absence-dates", "$.ends"),
        (_absence(999, 1000), 422, "absence-dates", "$.starts"),
        (_absence(2, 5), 409, "absence-overlap", "$.starts"),
        (_absence(3.5, None), 409, "absence-overlap", "$.starts"),
        (_absence(8, 9, substitute_id="01890a5d-ac96-774b-bcce-b302099a8057"), 422, "staff-unknown", "$.substitute_id"),
    ],
)
async def test_an_absence_that_cannot_be_is_refused(
    office: Office, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    await office.post("tom", _staff(office, "tom", "/absences"), _absence(3, 4), 201)
    refused = await office.post("tom", _staff(office, "tom", "/absences"), body, status)
    assert (refused["code"], refused["field"]) == (code, field)


async def test_two_who_are_away_together_do_not_stand_in_for_each_other(office: Office) -> None:
    staff = office.house.staff
    amy, rita = str(staff["amy"]), str(staff["rita"])
    await office.post("amy", _staff(office, "amy", "/absences"), _absence(3, 6, substitute_id=rita), 201)
    path = _staff(office, "rita", "/absences")
    circle = await office.post("rita", path, _absence(5, 8, substitute_id=amy), 422)
    assert circle["code"] == "staff-circle"
    await office.post("rita", path, _absence(6, 8, substitute_id=amy), 201)


async def test_readers_of_version_1_are_told_of_the_next_absence(office: Office) -> None:
    await office.post("tom", _staff(office, "tom", "/absences"), _absence(20, 21), 201)
    await office.post("tom", _staff(office, "tom", "/absences"), _absence(10, 11), 201)
    told = await _published(office)
    assert len(told.absences) == 2
    assert (told.absent_from, told.absent_until) == (told.absences[0].starts, told.absences[0].ends)
    assert told.absences[0].starts < told.absences[1].starts
