"""Who sees which visits, and that a refusal says what is missing."""

from __future__ import annotations

import httpx
import pytest

from services.intake.directory.operator import token
from tests.store.intake.builders import DEPARTMENTS, STAFF, House
from tests.store.intake.visiting import hana_goes_away, padded


async def _as(house: House, name: str) -> dict[str, str]:
    signed = await token(house.bench.database, f"{name}@example.com")
    return {"Authorization": f"Bearer {signed.token}", "Accept-Language": "en"}


async def _sees(client: httpx.AsyncClient, house: House, name: str) -> set[str]:
    answer = await client.get("/visits", headers=await _as(house, name))
    assert answer.status_code == 200, answer.text
    return {row["visit_id"] for row in answer.json()["items"]}


async def test_everybody_sees_the_visits_that_their_roles_reach(client: httpx.AsyncClient, house: House) -> None:
    """CF-08: who takes part, the department and what is below it, or all."""
    of_sales = str((await house.ask(requester="amy", host="tom")).id)
    of_the_house = str((await house.ask(requester="rita", host="amy")).id)
    both = {of_sales, of_the_house}
    assert await _sees(client, house, "tom") == {of_sales}
    assert await _sees(client, house, "hana") == {of_sales}
    assert await _sees(client, house, "sid") == {of_sales}
    assert await _sees(client, house, "rita") == both
    assert await _sees(client, house, "gina") == both


async def test_a_head_sees_what_is_below_and_the_asked_what_they_decide(
    client: httpx.AsyncClient, house: House
) -> None:
    deeper = DEPARTMENTS + "    north,Sales north,sales,\n"
    await house.hire(deeper, STAFF + "    ned@example.com,Ned,north,hana@example.com,,liaison,\n")
    visit = await house.ask(requester="amy", host="ned")
    assert await _sees(client, house, "hana") == {str(visit.id)}
    assert await _sees(client, house, "tom") == set()


async def test_a_visit_out_of_reach_is_refused_with_the_permission_and_how_far_it_would_have_to_reach(
    client: httpx.AsyncClient, house: House
) -> None:
    visit = await house.ask(requester="rita", host="amy")
    path = f"/visits/{visit.id}"
    refused = await client.get(path, headers=await _as(house, "tom"))
    assert (refused.status_code, refused.json()["permission"]) == (403, "visits.read")
    assert refused.json()["expected"] == "the permission visits.read over this department"
    assert (await client.get(path, headers=await _as(house, "rita"))).status_code == 200
    cancelled = await client.post(f"{path}/cancel", json={}, headers=await _as(house, "sid"))
    assert (cancelled.status_code, cancelled.json()["permission"]) == (403, "visits.cancel")


@pytest.mark.parametrize("column", ["active", "absent_from"])
async def test_a_token_of_who_has_left_or_is_away_opens_nothing_from_then_on(
    client: httpx.AsyncClient, house: House, column: str
) -> None:
    """CF-09: at once, not when the token ends."""
    hana = await _as(house, "hana")
    assert (await client.get("/visits", headers=hana)).status_code == 200
    if column == "active":
        sheet = STAFF.replace("roles,phone", "roles,phone,active")
        await house.hire(DEPARTMENTS, padded(sheet.replace("department-manager,", "department-manager,,no")))
    else:
        await hana_goes_away(house)
    refused = await client.get("/visits", headers=hana)
    code = {"active": "account-inactive", "absent_from": "account-absent"}[column]
    assert (refused.status_code, refused.json()["code"]) == (401, code)
