"""The journeys: what people and staff do, each act as soon as the service that it goes to is ready for it.

`ready` is a query on that service alone: nobody waits for what others have heard, but for notify (see `playing.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid5

from deploy.local.demo import complaints, visits
from deploy.local.demo.cast import WEB, Person
from services.notify.inbound import commands as inbound
from services.notify.providers.result import InboundSms
from services.notify.settings import settings as notify_settings
from shared.kernel import clock
from shared.store.cause import Cause
from tests.faults.shuffled.house import House

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done once `ready` finds a row in `service`; the row is handed over."""

    service: str
    ready: str
    do: Callable[[House, Row], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Journey:
    """Acts in their order. `ends`: (service, query) that finds a row when it has come to its end."""

    name: str
    acts: tuple[Act, ...]
    ends: tuple[tuple[str, str], ...]


_AT_ONCE = "SELECT 1 AS id"


def _person(house: House) -> Person:
    return Person("王伟", "zh-CN", house.zone, phone="+8613800000001")


@cache
def _arrival() -> datetime:
    """The same for a whole run: nine days from now, on the hour."""
    return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=9)


def _ask_visit() -> Act:
    async def do(house: House, _row: Row) -> object:
        return await house.ask(WEB, "intake", "POST", "/channel-visits", visits.request(_person(house), _arrival()))

    return Act("intake", _AT_ONCE, do)


def _write(purpose: str) -> Act:
    async def do(house: House, _row: Row) -> object:
        body = {**complaints.report(_person(house), 0), "purpose": purpose}
        return await house.ask(WEB, "intake", "POST", "/channel-messages", body)

    return Act("intake", _AT_ONCE, do)


def _step(service: str, things: str, who: str, ready: str, step: str, body: Any = None) -> Act:
    """A member of staff's command to the one thing that is in that state; `{revision}` in a body is the row's."""

    async def do(house: House, row: Row) -> object:
        told = {"revision": row["revision"], **body} if body and "revision" in body else body
        if told and "revision" in told:
            told["revision"] = row["revision"]
        return await house.ask(who, service, "POST", f"/{things}/{row['id']}/{step}", told)

    return Act(service, ready, do)


def _visit(who: str, state: str, step: str, body: Any = None) -> Act:
    return _step("intake", "visits", who, f"SELECT id, revision FROM visit WHERE state = '{state}'", step, body)


def _ticket(who: str, state: str, step: str, body: Any = None) -> Act:
    return _step("complaints", "tickets", who, f"SELECT id FROM ticket WHERE state = '{state}'", step, body)


def _answer(words: str) -> Act:
    """The person answers the question that is open, by text, once callbacks has heard that it went out: who answers
    before that has answered too, but the story of the callback is shorter by that line.
    """
    asked = (
        "SELECT a.message_id FROM attempt a JOIN callback c ON c.id = a.callback_id "
        "WHERE c.state = 'in_progress' AND a.result = 'asked'"
    )

    async def do(house: House, row: Row) -> object:
        query = "SELECT id, address, sender FROM message WHERE id = :id"
        (question,) = await house.rows("notify", query, id=row["message_id"])
        reference = str(uuid5(question["id"], "answer"))
        sms = InboundSms(question["address"], question["sender"], words, reference, clock.now())
        async with house.members["notify"].database.transaction(Cause.of_person()) as uow:
            kind = await inbound.receive_sms(uow, sms, notify_settings())
        await house.relay("notify")
        return kind

    return Act("callbacks", asked, do)


_RECEIVED = (
    _visit("sales-head", "approving", "approve", {"revision": 0}),
    _visit("reception", "approved", "confirm"),
    _visit("reception", "confirmed", "arrive"),
    _visit("reception", "arrived", "depart", {}),
)
_ACCEPTED = (
    _ticket("supervisor", "registered", "judge", {"valid": True}),
    _ticket("supervisor", "valid", "assign", {}),
)
_MENDED = (
    _ticket("supervisor", "assigned", "investigate", {"findings": "Cause found."}),
    _ticket("supervisor", "investigating", "resolve", {"reason": "Mended on the spot."}),
)
_AGAIN = (
    _ticket("supervisor", "investigating", "investigate", {"findings": "Another cause found."}),
    _ticket("supervisor", "investigating", "resolve", {"reason": "Mended for good."}),
)
_VISIT_CLOSED = ("intake", "SELECT 1 FROM visit WHERE state = 'closed'")
_TICKET_CLOSED = ("complaints", "SELECT 1 FROM ticket WHERE state = 'closed'")

JOURNEYS = (
    Journey("visit", (_ask_visit(), *_RECEIVED, _answer("1")), (_VISIT_CLOSED,)),
    Journey(
        "visit-rejected",
        (_ask_visit(), _visit("sales-head", "approving", "reject", {"revision": 0, "reason": "No room that week."})),
        (("intake", "SELECT 1 FROM visit WHERE state = 'rejected'"),),
    ),
    Journey(
        "complaint-reopened",
        (_write("complaint"), *_ACCEPTED, *_MENDED, _answer("3, it is still broken"), *_AGAIN, _answer("1")),
        (_TICKET_CLOSED,),
    ),
    Journey(
        "visit-into-complaint",
        (_ask_visit(), *_RECEIVED, _answer("3, nobody met me"), *_ACCEPTED, *_MENDED, _answer("1")),
        (_VISIT_CLOSED, _TICKET_CLOSED),
    ),
    Journey(
        "enquiry",
        (
            _write("enquiry"),
            _step("intake", "cases", "agent", "SELECT id FROM service_case WHERE state <> 'closed'", "close"),
        ),
        (("intake", "SELECT 1 FROM service_case WHERE state = 'closed'"),),
    ),
)
"""Beside their own ends, each has the notices, callbacks and texts that belong to it."""
