"""The pages that guests book on: plain HTML, two languages, clear refusals, nothing for strangers (IN-02, IN-03)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from services.intake.service import service
from services.intake.settings import settings
from shared.security.guest_pass import APPOINTMENT
from shared.store.database import Database
from shared.web.app import create_app
from tests.store.intake.booking import at, filled_in, link_of, opened, post, row, sent, starts
from tests.store.intake.builders import House
from tests.store.intake.office import Office, browser_of, office_of

_LOADING = frozenset({"script", "img", "iframe", "object", "embed", "video", "audio", "source"})
_SECRET = settings().address_secret.get_secret_value().encode()


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    """The doors are open, and something is offered."""
    async with office_of(house) as made:
        await opened(made)
        yield made


class _Elements(HTMLParser):
    """The elements of a page, and whether each that opens is closed."""

    _VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


async def _every_page(office: Office, language: str) -> dict[str, httpx.Response]:
    slot, later, *_ = await starts(office)
    link = link_of(await sent(office, filled_in(slot)))
    pages = {
        "offers": await office.client.get(f"/book?lang={language}"),
        "form": await office.client.get(f"/book/service?lang={language}"),
        "mistaken": await post(office, f"/book/service?lang={language}", {"starts": later, "phone": "12"}),
        "appointment": await office.client.get(f"{link}?lang={language}"),
        "move": await office.client.get(f"{link}/move?lang={language}"),
        "nothing": await office.client.get(f"/book/nothing?lang={language}"),
    }
    await post(office, f"{link}/cancel")
    return pages | {"cancelled": await office.client.get(f"{link}?lang={language}")}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_page_is_whole_in_its_language_and_loads_nothing_from_elsewhere(
    office: Office, language: str
) -> None:
    for name, answer in (await _every_page(office, language)).items():
        page = _Elements(answer.text)
        assert page.open == [], name
        assert page.of("html") == [{"lang": language}]
        assert not _LOADING & {tag for tag, _ in page.found}
        assert "://" not in answer.text, name
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        chinese = re.search(r"[一-鿿]", answer.text.replace("中文", "").replace("林晓", ""))
        assert (chinese is not None) == (language == "zh-CN"), name
        labelled = {each.get("for") for each in page.of("label")}
        typed = [each for each in page.of("input") if each.get("type") not in ("hidden", "radio")]
        assert {each["id"] for each in typed} <= labelled


async def test_a_browser_that_names_no_language_gets_the_one_that_it_asks_for(office: Office) -> None:
    answer = await office.client.get("/book", headers={"Accept-Language": "en-GB, fr;q=0.5"})
    assert answer.headers["content-language"] == "en"
    assert (await office.client.get("/book")).headers["content-language"] == "zh-CN"


async def test_a_form_with_mistakes_comes_back_with_each_and_with_what_was_typed(office: Office, house: House) -> None:
    (slot, *_) = await starts(office)
    slot = at(slot).isoformat()
    day = at(slot).astimezone(ZoneInfo("Asia/Shanghai")).date()
    form = {"once": str(uuid4()), "starts": slot, "name": '<b>"林晓"</b>', "phone": "12", "head_count": "0"}
    answer = await post(office, f"/book/service?lang=en&day={day}", form)
    assert answer.status_code == 422
    assert "&lt;b&gt;&#34;林晓&#34;&lt;/b&gt;" in answer.text
    page = _Elements(answer.text)
    invalid = {each["id"] for each in page.of("input") if each.get("aria-invalid")}
    assert invalid == {"phone", "head_count"}
    assert [each["value"] for each in page.of("input") if "checked" in each] == [slot]
    neither = await post(office, "/book/service?lang=en", {**filled_in(slot), "once": str(uuid4()), "phone": ""})
    assert "a phone number or an e-mail address" in neither.text
    assert await house.told("visits") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\xff\xfe", 400),
        (b"name=%00&starts=2027-01-01T00:00:00Z", 400),
        (b"&".join(b"a=1" for _ in range(50)), 400),
        (b"", 422),
        (b"starts=yesterday&once=x&name=&phone=", 422),
        (b"starts=2019-01-01T00:00:00&once=x", 422),
        (b'{"starts": 1}', 422),
    ],
)
async def test_a_body_that_is_no_form_of_ours_is_refused_and_changes_nothing(
    office: Office, house: House, body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await office.client.post("/book/service", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert await house.told("visits") == []


async def test_a_slot_that_is_not_offered_is_refused(office: Office) -> None:
    for start in ("2020-01-01T09:00:00Z", "2199-01-01T09:00:00Z", (await starts(office))[0].replace(":00Z", ":01Z")):
        answer = await sent(office, filled_in(start))
        assert (answer.status_code, "This time is not offered" in answer.text) == (422, True)


async def test_a_link_opens_its_own_appointment_and_no_other(office: Office, house: House) -> None:
    (slot, *_) = await starts(office)
    link = link_of(await sent(office, filled_in(slot)))
    page = (await office.client.get(link)).text
    assert "林晓" not in page
    assert "138000" not in page
    business = await house.ask()
    strangers = [
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link[:-4],
        "/a/" + "=" * 38,
        "/a/" + "é" * 38,
        APPOINTMENT.link(b"another secret", business.id),
        APPOINTMENT.link(_SECRET, uuid4()),
        APPOINTMENT.link(_SECRET, business.id),
    ]
    for other in strangers:
        for path in (other, f"{other}/move"):
            assert (await office.client.get(path)).status_code == 404, path
        for path in (f"{other}/move", f"{other}/cancel"):
            assert (await post(office, path, {"starts": slot})).status_code == 404, path
    assert (await row(office))["state"] == "confirmed"


async def test_who_tries_too_often_waits_and_others_do_not(office: Office) -> None:
    allowed = settings().bookings_per_network
    async with browser_of(office.app, "10.0.0.1") as eager, browser_of(office.app, "10.0.0.200") as near:
        tried = [(await eager.post("/book/service", data={})).status_code for _ in range(allowed)]
        assert set(tried) == {422}
        answer = await near.post("/book/service?lang=en", data={})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        assert "Wait and try again" in answer.text
        assert (await near.get("/book/service")).status_code == 200
    async with browser_of(office.app, "10.0.1.1") as other:
        assert (await other.post("/book/service", data={})).status_code == 422


async def test_where_the_database_is_away_the_page_says_so() -> None:
    nowhere = Database("postgresql://intake:none@127.0.0.1:1/intake", "intake")
    async with browser_of(create_app(service, nowhere)) as browser:
        answer = await browser.get("/book?lang=en")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert _Elements(answer.text).of("h1")
