"""Routes of standard sets over the real app and database."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.intake.directory.operator import token
from tests.store.intake.builders import DEPARTMENTS, STAFF, House

_STAFF = STAFF.rstrip() + "\n    ada@example.com,Ada,house,gina@example.com,,administration-manager,\n"

Json = dict[str, Any]


class Desk:
    """People of the house who call intake's routes. Ada edits, Gina publishes, Amy reads."""

    def __init__(self, house: House, client: httpx.AsyncClient) -> None:
        self.house = house
        self.client = client

    async def headers(self, who: str, **more: str) -> dict[str, str]:
        """A token of one of them."""
        signed = await token(self.house.bench.database, f"{who}@example.com")
        return {"Authorization": f"Bearer {signed.token}", **more}

    async def get(self, who: str, path: str, status: int = 200) -> Json:
        """What a question is answered with."""
        return _told(await self.client.get(path, headers=await self.headers(who)), status)

    async def post(self, who: str, path: str, body: Json | None = None, status: int = 200, **more: str) -> Json:
        """What a command is answered with."""
        return _told(await self.client.post(path, json=body, headers=await self.headers(who, **more)), status)

    async def in_force(self, code: str = "T1") -> str:
        """The id of a published set."""
        (one,) = (await self.get("amy", f"/standard-sets?code={code}&state=published"))["items"]
        return str(one["set_id"])

    async def drafted(self, code: str = "T1") -> Json:
        """A draft of Ada's."""
        return await self.post("ada", "/standard-sets", {"copy_of": await self.in_force(code)}, 201)


def _told(answer: httpx.Response, status: int) -> Json:
    assert answer.status_code == status, answer.text
    told: Json = answer.json()
    return told


@pytest.fixture
async def desk(house: House, client: httpx.AsyncClient) -> Desk:
    """The house with the staff of this file, and its app."""
    await house.hire(DEPARTMENTS, _STAFF)
    return Desk(house, client)


async def test_a_set_over_http_from_copy_to_publishing(desk: Desk) -> None:
    """LV-01."""
    draft = await desk.drafted()
    path = f"/standard-sets/{draft['set_id']}"
    assert (draft["edition"], draft["state"]) == (2, "draft")
    assert draft["commands"] == ["confirm", "discard", "edit", "publish"]
    cell = {"item": "lunch", "level": "B", "kind": "cap", "upper": 60_00, "basis": "person-meal"}
    assert (await desk.post("ada", f"{path}/cells", {"cells": [cell]}))["version"] == 2
    confirmed = await desk.post("ada", f"{path}/confirm", {"item": "dinner", "level": "C", "reading": 1})
    done = await desk.post("gina", f"{path}/publish", {"version": confirmed["version"]})
    assert (done["state"], done["commands"]) == ("published", ["confirm", "retire"])
    whole = await desk.get("amy", path)
    assert (whole["missing"], whole["unconfirmed"]) == ([], ["car/A", "car/B", "car/C"])
    told = {(one["item"], one["level"]): one for one in whole["cells"]}
    assert told["lunch", "B"]["upper"] == 60_00
    assert (told["dinner", "C"]["kind"], told["dinner", "C"]["confirmed_by"]) == (
        "not-offered",
        str(desk.house.staff["ada"]),
    )
    assert (await desk.post("gina", f"{path}/retire"))["state"] == "retired"


async def test_sets_are_listed_newest_first_by_pages(desk: Desk) -> None:
    draft = await desk.drafted()
    first = await desk.get("amy", "/standard-sets?limit=2")
    assert first["items"][0]["set_id"] == draft["set_id"]
    rest = await desk.get("amy", f"/standard-sets?limit=3&before={first['next']}")
    ids = [one["set_id"] for one in (*first["items"], *rest["items"])]
    assert len(ids) == len(set(ids)) == 4
    assert rest["next"] is None


async def test_lines_follow_from_head_count_and_nights(desk: Desk) -> None:
    """LV-02, LV-03."""
    path = f"/standard-sets/{await desk.in_force('T3')}/lines"
    told = await desk.get("amy", f"{path}?level=A&host_rank=manager&guests=3&nights=1&companions=1")
    meals = next(line for line in told["lines"] if line["item"] == "meals")
    assert (meals["upper"], meals["counted"], meals["cap"]) == (500_00, 4 * 2 * 2, 500_00 * 16)
    assert (told["total"], told["currency"], len(told["unconfirmed"])) == (500_00 * 16, "CNY", 9)
    no = await desk.get("amy", f"{path}?level=A", 422)
    assert (no["code"], no["field"]) == ("host-rank-unknown", "$.host_rank")
    no = await desk.get("amy", f"{path}?level=A&host_rank=manager&guests=3&rooms=4", 422)
    assert (no["code"], no["field"]) == ("too-many-rooms", "$.rooms")


async def test_roles_decide_who_reads_edits_confirms_and_publishes(desk: Desk) -> None:
    """CF-08: each refusal names the permission that is missing."""
    draft = await desk.drafted()
    path = f"/standard-sets/{draft['set_id']}"
    confirm = {"item": "dinner", "level": "C", "reading": 0}
    outline = {key: (await desk.get("ada", path))[key] for key in ("names", "currency", "levels", "items")}
    for who, route, body, permission in (
        ("amy", "/standard-sets", {"copy_of": draft["set_id"]}, "standards.edit"),
        ("amy", f"{path}/cells", {"cells": [{"item": "lunch", "level": "A", "kind": "no-cap"}]}, "standards.edit"),
        ("gina", f"{path}/outline", {"version": 1, "outline": outline}, "standards.edit"),
        ("hana", f"{path}/confirm", confirm, "standards.confirm"),
        ("ada", f"{path}/publish", {"version": 1}, "standards.publish"),
        ("ada", f"{path}/retire", None, "standards.publish"),
        ("gina", f"{path}/discard", None, "standards.edit"),
        ("ada", f"/departments/{uuid4()}/standard-set", {"code": "T2"}, "standards.publish"),
    ):
        no = await desk.post(who, route, body, 403)
        assert (no["code"], no["expected"]) == ("permission-missing", f"the permission {permission}")
    assert (await desk.get("amy", path))["version"] == 1


async def test_the_same_key_again_does_it_once(desk: Desk) -> None:
    body = {"copy_of": await desk.in_force(), "code": "OURS"}
    key = {"Idempotency-Key": "draft-1"}
    first = await desk.post("ada", "/standard-sets", body, 201, **key)
    assert await desk.post("ada", "/standard-sets", body, 201, **key) == first
    other = await desk.post("ada", "/standard-sets", {**body, "code": "THEIRS"}, 422, **key)
    assert other["code"] == "idempotency-key-reused"
    assert len((await desk.get("amy", "/standard-sets?code=OURS"))["items"]) == 1


@pytest.mark.parametrize(
    ("cell", "field", "code"),
    [
        ({"kind": "cap", "upper": 12.5, "basis": "person"}, "$.cells[0].upper", "invalid-field"),
        ({"kind": "cap", "basis": "person"}, "$.cells[0]", "invalid-field"),
        ({"kind": "range", "lower": 2, "upper": 1, "basis": "person"}, "$.cells[0]", "invalid-field"),
        ({"kind": "free"}, "$.cells[0].kind", "invalid-field"),
        ({"kind": "needs-confirmation"}, "$.cells[0]", "invalid-field"),
        ({"kind": "no-cap", "confirmed_by": str(uuid4())}, "$.cells[0].confirmed_by", "unknown-field"),
        ({"kind": "no-cap", "host_rank": "manager"}, "$.cells[0]", "cell-unknown"),
    ],
)
async def test_a_cell_that_cannot_be_is_told_by_its_place(desk: Desk, cell: Json, field: str, code: str) -> None:
    draft = await desk.drafted()
    body = {"cells": [{"item": "lunch", "level": "A", **cell}]}
    no = await desk.post("ada", f"/standard-sets/{draft['set_id']}/cells", body, 422)
    assert (no["code"], no["field"]) == (code, field)


async def test_an_outline_gives_a_draft_other_levels(desk: Desk) -> None:
    draft = await desk.drafted("T2")
    path = f"/standard-sets/{draft['set_id']}"
    whole = await desk.get("ada", path)
    outline = {name: whole[name] for name in ("names", "currency", "levels", "host_ranks", "items", "proposals")}
    outline["levels"] = [*outline["levels"], {"code": "S", "rank": 9, "names": {"zh": "国宾", "en": "State guests"}}]
    await desk.post("ada", f"{path}/outline", {"version": 1, "outline": outline})
    assert (await desk.get("ada", path))["missing"] == ["lodging/S", "meals/S", "companions/S"]
    late = await desk.post("ada", f"{path}/outline", {"version": 1, "outline": outline}, 409)
    assert late["code"] == "standard-set-version"
    no = await desk.post("gina", f"{path}/publish", {"version": 2}, 409)
    assert (no["code"], no["expected"]) == (
        "standard-set-incomplete",
        "3 more cells, at lodging/S, meals/S, companions/S",
    )
    assert (await desk.post("ada", f"{path}/discard"))["state"] == "discarded"


async def test_a_department_is_given_a_set_and_those_below_follow(desk: Desk) -> None:
    departments = dict(await desk.house.bench.rows("SELECT code, id FROM department"))
    top, sales = (f"/departments/{departments[code]}/standard-set" for code in ("house", "sales"))
    assert (await desk.get("amy", sales))["standard_set"]["code"] == "T1"
    await desk.post("gina", top, {"code": "T2"})
    assert (await desk.get("amy", sales))["standard_set"]["code"] == "T2"
    assert (await desk.post("gina", top, {"code": None}))["standard_set"]["code"] == "T1"
    missing = await desk.post("gina", top, {"code": "T9"}, 409)
    assert (missing["code"], missing["expected"]) == ("standard-set-missing", "the code of a published set")
    nobody = await desk.post("gina", f"/departments/{uuid4()}/standard-set", {"code": "T2"}, 404)
    assert nobody["code"] == "department-not-found"


async def test_a_set_that_there_is_not_is_not_found(desk: Desk) -> None:
    for path in (f"/standard-sets/{uuid4()}", f"/standard-sets/{uuid4()}/lines?level=A"):
        assert (await desk.get("amy", path, 404))["code"] == "standard-set-not-found"
    assert (await desk.post("ada", "/standard-sets", {"copy_of": str(uuid4())}, 404))[
        "code"
    ] == "standard-set-not-found"
