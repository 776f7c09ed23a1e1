"""Calendars of departments over HTTP, and the notice that visits need by them (VR-06)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.intake.settings import settings
from shared.kernel import clock
from tests.store.intake.builders import DEPARTMENTS, STAFF, House, wish
from tests.store.intake.office import Office, office_of

_MORE = "    north,Sales north,sales,\n"
_PEOPLE = "    olga@example.com,Olga,house,gina@example.com,,operator,\n    ned@example.com,Ned,north,,,liaison,\n"


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    """Olga looks after the directory; Ned works in a department below sales."""
    await house.hire(DEPARTMENTS + _MORE, STAFF + _PEOPLE)
    async with office_of(house) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _usual_settings() -> Iterator[None]:
    """Whatever a test sets is read anew after it."""
    yield
    settings.cache_clear()


def _notice(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    monkeypatch.setenv("FRONTDESK_INTAKE_VISIT_NOTICE_DAYS", str(days))
    settings.cache_clear()


async def _path(office: Office, code: str, what: str = "calendar") -> str:
    items = (await office.get("tom", "/departments"))["items"]
    return next(f"/departments/{row['department_id']}/{what}" for row in items if row["code"] == code)


def _spans(view: dict[str, Any], day: str) -> list[list[str]]:
    found = next(each for each in view["days"] if each["day"] == day)
    return [[span["start"], span["end"]] for span in found["spans"]]


async def test_a_department_takes_from_above_what_it_does_not_say(office: Office) -> None:
    house, sales, north = [await _path(office, code) for code in ("house", "sales", "north")]
    week = {"monday": [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}]}
    await office.post("olga", house, {"week": week, "zone": "Asia/Shanghai", "holidays": "none"})
    await office.post("olga", sales, {"days": {"2026-11-30": "off"}})
    view = await office.get("ned", f"{north}?first=2026-11-23&days=14")
    assert (view["version"], view["zone"], view["warnings"]) == (0, "Asia/Shanghai", [])
    assert _spans(view, "2026-11-23") == [["08:00:00", "12:00:00"], ["13:00:00", "17:00:00"]]
    assert _spans(view, "2026-11-24") == _spans(view, "2026-11-30") == []
    await office.post("olga", north, {"days": {"2026-11-30": "worked"}})
    assert _spans(await office.get("ned", f"{north}?first=2026-11-30&days=1"), "2026-11-30")
    await office.post("olga", sales, {})
    again = await office.get("ned", f"{sales}?first=2026-11-30&days=1")
    assert (again["version"], len(_spans(again, "2026-11-30"))) == (2, 2)


async def test_only_who_looks_after_a_department_sets_its_calendar(office: Office) -> None:
    """By row: hana heads sales and what is below it."""
    await office.post("hana", await _path(office, "north"), {"zone": "Europe/Berlin"})
    refused = await office.post("hana", await _path(office, "house"), {"zone": "Europe/Berlin"}, 403)
    assert refused["permission"] == "calendars.manage"
    assert refused["expected"] == "the permission calendars.manage over this department"
    assert (await office.post("sid", await _path(office, "sales"), {}, 403))["permission"] == "calendars.manage"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"week": {}}, "calendar-empty", "$.week"),
        ({"week": {"monday": [{"start": "12:00", "end": "08:00"}]}}, "invalid-field", None),
        ({"zone": "Mars/Olympus"}, "invalid-field", "$.zone"),
        ({"days": {"2026-02-30": "off"}}, "invalid-field", None),
        ({"holidays": "moon"}, "invalid-field", "$.holidays"),
    ],
)
async def test_a_calendar_that_cannot_be_is_refused(office: Office, body: Any, code: str, field: str | None) -> None:
    refused = await office.post("olga", await _path(office, "sales"), body, 422)
    assert refused["code"] == code
    assert field is None or refused["field"] == field


async def test_a_year_not_announced_is_said_with_the_days(office: Office) -> None:
    view = await office.get("tom", f"{await _path(office, 'sales')}?first=2090-01-01&days=3")
    (warning,) = view["warnings"]
    assert (warning["code"], warning["years"]) == ("calendar-year-unannounced", [2090])
    assert "2090" in warning["text"]
    assert "not announced" in warning["text"]
    await office.post("olga", await _path(office, "house"), {"final_years": [2090]})
    assert (await office.get("tom", f"{await _path(office, 'sales')}?first=2090-01-01&days=3"))["warnings"] == []


async def test_the_notice_of_a_department_is_told_and_asked_of_its_visits(office: Office) -> None:
    """VR-06: the host's department decides; a week of days off makes the notice a week longer."""
    notice = await _path(office, "north", "visit-notice")
    plain = datetime.fromisoformat((await office.get("tom", notice))["earliest_arrival"])
    off = {(clock.now().date() + timedelta(days=number)).isoformat(): "off" for number in range(-1, 20)}
    await office.post("olga", await _path(office, "sales"), {"days": off})
    later = datetime.fromisoformat((await office.get("tom", notice))["earliest_arrival"])
    assert later > plain + timedelta(days=10)
    asked = wish(days=19)
    body = {
        "guest": {"name": "Wang Wei", "phone": "+8613800000009"},
        "host_email": "ned@example.com",
        "arrival": asked.arrival.isoformat(),
        "departure": asked.departure.isoformat(),
        "purpose": "to see the plant",
    }
    refused = await office.post("amy", "/visits", body, 422)
    assert (refused["code"], refused["field"]) == ("short-notice", "$.short_notice_reason")
    made = await office.post("amy", "/visits", {**body, "short_notice_reason": "a fair"}, 201)
    assert made["state"] == "approving"
    others = {**body, "host_email": "amy@example.com"}
    assert (await office.post("rita", "/visits", others, 201))["short_notice_reason"] is None


async def test_a_visit_whose_notice_was_counted_by_a_guess_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many days' notice that it reaches into a year that nobody has announced."""
    asked = wish()
    body = {
        "guest": {"name": "Wang Wei", "phone": "+8613800000009"},
        "host_email": "tom@example.com",
        "arrival": asked.arrival.isoformat(),
        "departure": asked.departure.isoformat(),
        "purpose": "to see the plant",
        "short_notice_reason": "a fair",
    }
    _notice(monkeypatch, 900)
    made = await office.post("amy", "/visits", body, 201)
    (warning,) = made["warnings"]
    assert warning["years"][-1] >= clock.now().year + 3
    rows = await office.house.bench.rows("SELECT detail FROM audit WHERE action = 'count-by-guess'")
    assert rows == [{"years": warning["years"]}]
    _notice(monkeypatch, 0)
    assert (await office.post("amy", "/visits", body, 201))["warnings"] == []
