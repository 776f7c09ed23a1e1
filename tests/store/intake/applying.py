"""Steps of a reception that several tests take, as people take them over HTTP."""

from __future__ import annotations

from typing import Any

from tests.store.intake.builders import wish
from tests.store.intake.office import Office

Json = dict[str, Any]

CHAIRMAN = {"name": "Gábor Ölçer", "title": "董事长", "phone": "+8613800000002", "note": "no nuts"}
FORM = {
    "company": "Öster & Söhne",
    "organisation": "company",
    "visitors": [CHAIRMAN, {"name": "刘洋", "gender": "female"}],
    "inbound": {"means": "flight", "number": "CA1502", "departs_from": "PEK", "arrives_at": "SHA"},
    "meeting_point": "airport",
    "wishes": ["flowers"],
    "gifts": [{"category": "crafts", "name": "silk", "each": 150_00, "pieces": 2}],
    "topics": "the price of copper",
    "services": ["interpreter", "minutes"],
}
LUNCH = {"item": "lunch", "amount": 200_00}


def application(form: Json | None = None, **changes: Any) -> Json:
    """Two guests for a day, of whom one is a chairman."""
    asked = wish()
    return {
        "guest": {"name": "Gábor Ölçer", "phone": "+8613800000002"},
        "host_email": "tom@example.com",
        "arrival": asked.arrival.isoformat(),
        "departure": asked.departure.isoformat(),
        "purpose": "to buy copper",
        "head_count": 2,
        "form": {**FORM, **(form or {})},
        **changes,
    }


async def handed_in(office: Office, form: Json | None = None, **changes: Any) -> str:
    """A reception that Amy applies for; its id."""
    made = await office.post("amy", "/receptions", application(form, **changes), 201)
    assert made["state"] == "submitted"
    return str(made["visit_id"])


async def levelled(office: Office, visit: str, level: str = "C", **more: Any) -> Json:
    """Hana judges the level."""
    return dict(await office.post("hana", f"/visits/{visit}/judge-level", {"level": level, **more}))


async def planned(office: Office, visit: str, *lines: Json) -> Json:
    """Amy plans what it costs, and the house bears it."""
    (bearer,) = await office.house.bench.rows("SELECT id FROM department WHERE code = 'house'")
    return dict(await office.post("amy", f"/visits/{visit}/budget", budget(str(bearer), *lines)))


def budget(bearer: str, *lines: Json) -> Json:
    """A budget of these lines."""
    return {"currency": "CNY", "bearer_department_id": bearer, "lines": list(lines)}


async def sought(office: Office, *lines: Json, form: Json | None = None, **changes: Any) -> str:
    """A reception on its way to its approvers."""
    visit = await handed_in(office, form, **changes)
    await levelled(office, visit)
    await planned(office, visit, *lines)
    assert (await office.post("amy", f"/visits/{visit}/seek-approval"))["state"] == "approving"
    return visit


async def decided(office: Office, visit: str, *names: str, by: str = "approve", **more: Any) -> Json:
    """These people decide about the present revision, one after the other."""
    revision = (await office.get("gina", f"/visits/{visit}"))["visit"]["revision"]
    last: Json = {}
    for name in names:
        last = await office.post(name, f"/visits/{visit}/{by}", {"revision": revision, **more})
    return last


async def approved(office: Office, *lines: Json, **changes: Any) -> str:
    """A reception that Hana and Gina approved."""
    visit = await sought(office, *lines, **changes)
    assert (await decided(office, visit, "hana", "gina"))["state"] == "approved"
    return visit
