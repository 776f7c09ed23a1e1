"""The front of a house at rest: who may knock with what, for what, and what a refusal must be like."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from deploy.local.demo import complaints, visits
from deploy.local.demo.cast import SHOP, STAFF_NAMES, WEB, Cast, staff_email
from deploy.local.demo.desk import Desk
from services.intake.directory.operator import token
from shared.kernel import clock
from tests.support.good_requests import CHANNEL, NOBODY, SECRET, Json
from tests.support.house import House
from tests.support.stored import Picture, picture

LANGUAGES = ("en", "zh-CN")
JSON = {"Content-Type": "application/json"}
Content = bytes | httpx.AsyncByteStream
_CHINESE = re.compile("[\u4e00-\u9fff]")
_ENGLISH_PROSE = re.compile(r"\b[a-z]{2,} [a-z]{2,}\b")


@dataclass(frozen=True)
class Things:
    """A path's placeholder → the id of something that commands may still change, and of something that has ended."""

    open: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What a problem must say: its status, its code, and the field where there is one to mend."""

    status: int
    code: str
    where: str | None = None


@dataclass
class Front:
    """Sends what must be refused and notes what is wrong with the answers. `before` is the house at rest."""

    house: House
    client: httpx.AsyncClient
    headers: Mapping[str, Mapping[str, str]]
    things: Things
    before: Mapping[str, Picture]
    failures: list[str] = field(default_factory=list)

    async def refused(
        self,
        service: str,
        method: str,
        path: str,
        who: str,
        told: Told,
        *,
        content: Content = b"",
        headers: Mapping[str, str] = JSON,
        languages: Sequence[str] = LANGUAGES,
    ) -> None:
        """Expects this problem in each language."""
        for language in languages:
            sent = {**self.headers[who], **headers, "Accept-Language": language}
            answer = await self.send(service, method, path, headers=sent, content=content)
            wrong = _wrong_in(answer, language, told)
            self.failures += [f"{service} {method} {path} as {who}, {language}: {each}" for each in wrong]

    async def send(self, service: str, method: str, path: str, **request: Any) -> httpx.Response:
        """One request; placeholders of the path are open things."""
        address = self.house.layout.api(service) + path.format_map(self.things.open)
        return await self.client.request(method, address, **request)

    def verdict(self, beside: Collection[str] = ()) -> None:
        """Raises AssertionError with what was wrong, and with what is stored now that was not before.

        Tables in `beside` may have changed.
        """
        for service, before in self.before.items():
            stored = picture(self.house, service).changed(before, beside)
            self.failures += [f"{service} has stored something in {table}: {how}" for table, how in stored.items()]
        assert not self.failures, "\n".join(self.failures)


def _wrong_in(answer: httpx.Response, language: str, wanted: Told) -> list[str]:
    """What this answer lacks as the RFC 9457 problem that it should be."""
    if answer.headers.get("content-type") != "application/problem+json":
        return [f"{answer.status_code} {answer.headers.get('content-type')} is no problem"]
    told: Json = answer.json()
    found = Told(told["status"], told["code"], told.get("field"))
    wrong = [] if found == wanted else [f"{found} instead of {wanted}"]
    if answer.status_code != told["status"] or told["type"] != f"urn:frontdesk:problem:{told['code']}":
        wrong.append("contradicts itself")
    if wanted.where is not None and not told.get("expected"):
        wrong.append("does not say what was expected")
    if answer.headers.get("content-language") != language:
        wrong.append(f"speaks {answer.headers.get('content-language')}")
    for name in ("title", "detail", "expected"):
        words = told.get(name, "")
        if (_CHINESE if language == "en" else _ENGLISH_PROSE).search(words):
            wrong.append(f"{name} of {wanted.code} is in another language: {words}")
    if any(word in answer.text for word in (SECRET, "13800138000", "柳如是")):
        wrong.append("repeats what was sent")
    if not told["instance"].startswith("urn:uuid:"):
        wrong.append("has no instance")
    return wrong


async def knocking(house: House) -> dict[str, dict[str, str]]:
    """Headers of everybody who may knock, by name."""
    intake = house.database("intake")
    try:
        signed = {name: (await token(intake, staff_email(name))).token for name in STAFF_NAMES}
    finally:
        await intake.close()
    return {
        **{name: {"Authorization": f"Bearer {each}"} for name, each in signed.items()},
        NOBODY: {},
        "a liar": {"Authorization": "Bearer nonsense"},
        CHANNEL: {"Authorization": f"Bearer {house.channel_keys[WEB]}"},
        "another channel": {"X-Channel-Key": house.channel_keys[SHOP]},
    }


async def play(house: House, desk: Desk, things: Things) -> None:
    """A closed complaint with its callback, a rejected visit, a closed case; and a ticket and a visit still open."""
    cast, soon = Cast(clock.now()), timedelta(days=2)
    person, guest, writer = cast.with_phone(), cast.with_phone(), cast.with_phone()
    message = await complaints.complain(desk, person, 0)
    await complaints.run_course(desk, person, WEB, message, [complaints.SATISFIED])
    await visits.run_rejected(desk, guest, soon)
    asked = visits.request(cast.with_phone(), clock.now() + soon)
    things.open["visit_id"] = (await desk.staff("host", "intake", "POST", "/visits", asked))["visit_id"]
    things.open["message_id"] = await complaints.complain(desk, writer, 1)
    await desk.received(writer, 1)
    enquiry = {**complaints.report(writer, 2), "purpose": "enquiry"}
    await desk.channel(WEB, "POST", "/channel-messages", enquiry)
    await desk.received(writer, 2)

    def newest(service: str, table: str, which: str = "true") -> str:
        return str(house.rows(service, f"SELECT id FROM {table} WHERE {which} ORDER BY id DESC LIMIT 1")[0]["id"])

    number = (await desk.channel(WEB, "GET", f"/channel-messages/{things.open['message_id']}"))["ticket_number"]
    things.open["ticket_id"] = newest("complaints", "ticket", f"number = '{number}'")
    things.ended["ticket_id"] = newest("complaints", "ticket", "state = 'closed'")
    things.open["callback_id"] = things.ended["callback_id"] = newest("callbacks", "callback", "state = 'completed'")
    things.ended["visit_id"] = newest("intake", "visit", "state = 'rejected'")
    shipped = newest("intake", "standard_set", "code = 'T1'")
    draft = (await desk.staff("administration", "intake", "POST", "/standard-sets", {"copy_of": shipped}))["set_id"]
    await desk.staff("administration", "intake", "POST", f"/standard-sets/{draft}/discard")
    things.ended["set_id"] = draft
    again = await desk.staff("administration", "intake", "POST", "/standard-sets", {"copy_of": shipped})
    things.open["set_id"] = again["set_id"]
    things.open["department_id"] = newest("intake", "department", "code = 'demo-service'")
    things.open["staff_id"] = newest("intake", "staff", f"email = '{staff_email('handler-2')}'")
    for nobodys in ("absence_id", "delegation_id", "exemption_id", "draft_id"):
        things.open[nobodys] = things.open["staff_id"]
    things.open["code"] = "car-service"
    things.open["case_id"] = things.ended["case_id"] = newest("intake", "service_case")
    await desk.staff("agent", "intake", "POST", f"/cases/{things.ended['case_id']}/close")
