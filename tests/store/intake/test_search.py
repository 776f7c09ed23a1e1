"""Visits looked for, taken away as a sheet, and their past."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.store.intake.applying import LUNCH, application, approved, handed_in
from tests.store.intake.builders import House
from tests.store.intake.office import Office, office_of
from tests.store.intake.visiting import decide


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    """The doors are open."""
    async with office_of(house) as made:
        yield made


async def _found(office: Office, **asked: Any) -> list[str]:
    """The companies of the visits that Gina finds."""
    query = httpx.QueryParams(asked)
    return [one["company"] for one in (await office.get("gina", f"/visits?{query}"))["items"]]


async def test_each_filter_finds_its_own_and_all_of_them_together_what_fits_all(office: Office, house: House) -> None:
    await approved(office, LUNCH)
    await handed_in(office, {"company": "Zürn AG"})
    await house.ask(days=60)
    oster, zurn = "Öster & Söhne", "Zürn AG"
    assert sorted(map(str, await _found(office))) == sorted(["None", oster, zurn])
    assert await _found(office, state="approved") == [oster]
    assert await _found(office, state="submitted") == [zurn]
    assert sorted(await _found(office, kind="reception")) == [zurn, oster]
    assert await _found(office, level="C") == [oster]
    assert await _found(office, company="öster") == [oster], "upper or lower case"
    assert await _found(office, company="%") == [], "a sign of patterns is a sign like any other"
    later = (await house.bench.rows("SELECT max(arrival) - interval '1 day' FROM visit"))[0].isoformat()
    assert await _found(office, since=later) == [None]
    assert sorted(await _found(office, until=later)) == [zurn, oster]
    (sales,) = await house.bench.rows("SELECT id FROM department WHERE code = 'sales'")
    assert len(await _found(office, department_id=str(sales))) == 3
    assert await _found(office, host_id=str(house.staff["amy"])) == []
    assert await _found(office, state="approved", company="Zürn") == []


async def test_pages_go_on_where_the_last_one_ended(office: Office, house: House) -> None:
    for days in (30, 31, 32):
        await house.ask(days=days)
    first = await office.get("gina", "/visits?limit=2")
    rest = await office.get("gina", f"/visits?limit=2&before={first['next']}")
    ids = [one["visit_id"] for one in [*first["items"], *rest["items"]]]
    assert len(set(ids)) == 3
    assert rest["next"] is None


async def test_a_sheet_has_what_is_found_and_runs_nothing(office: Office, house: House) -> None:
    """CWE-1236: a cell that begins like a formula is quoted."""
    await handed_in(office, {"company": "=HYPERLINK(1)"})
    await house.ask()
    answer = await office.client.get("/visits/export?kind=reception", headers=await office.headers("gina"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["company"], row["host"], row["department"]) == ("'=HYPERLINK(1)", "Tom", "sales")
    assert await house.bench.rows("SELECT detail FROM audit WHERE action = 'export'") == [{"rows": 1}]


async def test_who_reaches_only_their_own_takes_only_their_own_away(office: Office) -> None:
    await handed_in(office)
    mine = await office.client.get("/visits/export", headers=await office.headers("tom"))
    others = await office.client.get("/visits/export", headers=await office.headers("rita"))
    assert len(mine.text.splitlines()) == 2, "Tom is the host"
    assert others.status_code == 200


async def test_the_past_of_a_visit_says_who_changed_what_from_what_to_what(office: Office, house: House) -> None:
    visit = await approved(office, LUNCH)
    (head_count,) = (application()["head_count"],)
    await office.post("amy", f"/visits/{visit}/amend", {"head_count": head_count + 1})
    items = (await office.get("gina", f"/visits/{visit}/history"))["items"]
    assert [one["action"] for one in items] == [
        "request",
        "judge-level",
        "plan-budget",
        "approve",
        "approve",
        "amend",
    ]
    last = items[-1]
    assert last["actor"] == str(house.staff["amy"])
    assert (last["detail"]["before"], last["detail"]["after"]) == ({"head_count": "2"}, {"head_count": "3"})
    assert last["detail"]["risen"] == ["cap", "guests"]
    other = await decide(house, await house.ask(), "approved")
    assert (await office.get("gina", f"/visits/{other.id}/history"))["items"][-1]["action"] == "approve"
