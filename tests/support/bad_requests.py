"""Wrong requests as data: ways to spoil a body that would do, and requests that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import orjson

from shared.web.limits import MAX_BODY_BYTES
from tests.support.good_requests import (
    CELL,
    CHANNEL,
    COMMANDS,
    GUEST,
    NO_ID,
    OUTLINE,
    SECRET,
    SOON,
    Command,
    Json,
)


@dataclass(frozen=True, slots=True)
class Spoiled:
    """One way to spoil a body before anybody looks into it; `bare` also fits commands that take no body."""

    name: str
    spoil: Callable[[Json], bytes]
    status: int
    code: str
    field: str | None = None
    content_type: str | None = "application/json"
    chunked: bool = False
    bare: bool = True


def _with(name: str, value: object) -> Callable[[Json], bytes]:
    return lambda body: orjson.dumps({**body, name: value})


def _nested(depth: int) -> Callable[[Json], bytes]:
    return lambda body: orjson.dumps({**body, "x": 0})[:-2] + b"[" * depth + b"]" * depth + b"}"


def _raw(body: Json) -> bytes:
    return orjson.dumps({**body, "x": SECRET})


_LONG = _with("x", SECRET + "长" * MAX_BODY_BYTES)

SPOILED = (
    Spoiled("half a body", lambda body: orjson.dumps({**body, "x": SECRET})[:-2], 400, "malformed-json"),
    Spoiled("a word", lambda _: SECRET.encode(), 400, "malformed-json"),
    Spoiled("GBK", lambda _: '{"x":"柳如是"}'.encode("gbk"), 400, "malformed-json"),
    Spoiled("a lone surrogate", lambda _: b'{"x":"\\ud800"}', 400, "malformed-json"),
    Spoiled("NaN", lambda _: b'{"x":NaN}', 400, "malformed-json"),
    Spoiled("too deep", _nested(40), 400, "json-too-deep"),
    Spoiled("bottomless", _nested(20_000), 400, "malformed-json"),
    Spoiled("NUL", _with("x", SECRET + "\0"), 400, "unusable-character"),
    Spoiled("a huge number", lambda _: b'{"x":1e300}', 400, "number-too-large"),
    Spoiled("too long", _LONG, 413, "body-too-large"),
    Spoiled("too long, length unsaid", _LONG, 413, "body-too-large", chunked=True),
    Spoiled("no JSON by its own account", _raw, 422, "invalid-body", "$", "text/plain", bare=False),
    Spoiled("a form", _raw, 422, "invalid-body", "$", "application/x-www-form-urlencoded", bare=False),
    Spoiled("of no kind", _raw, 422, "invalid-body", "$", None, bare=False),
    Spoiled("a list", lambda body: orjson.dumps([body]), 422, "invalid-body", "$", bare=False),
    Spoiled("nothing", lambda _: b"", 422, "invalid-body", "$", bare=False),
    Spoiled("an unknown field", _with("surprise", SECRET), 422, "unknown-field", "$.surprise", bare=False),
    Spoiled("a number as a field", _with("13800138000", 1), 422, "unknown-field", "$[*]", bare=False),
)


@dataclass(frozen=True, slots=True)
class BadField:
    """A command with one value that cannot be: `change` replaces (None: takes away) a part of the good body."""

    command: str
    change: Json
    field: str
    code: str = "invalid-field"


def _sender(**values: object) -> Json:
    return {"sender": {"name": SECRET, **values}}


_MESSAGE, _VISITS, _JUDGE = "/channel-messages", "/visits", "/tickets/{ticket_id}/judge"
_COMPLETE = "/callbacks/{callback_id}/complete"
_CELLS = "/standard-sets/{set_id}/cells"

BAD_FIELDS = (
    *(
        BadField(_MESSAGE, {"occurred_at": value}, "$.occurred_at")
        for value in (
            "2026-02-30T10:00:00+08:00",
            "2026-02-28T24:30:00Z",
            "2026-02-28T10:00:00",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-12:00",
            "2199-01-01T00:00:00Z",
            "昨天",
            [],
        )
    ),
    *(
        BadField(_MESSAGE, _sender(phone=value), "$.sender.phone")
        for value in (
            "12",
            "138-OCTOBER",
            "+8613800138000 ext. 3",
            "+0013800138000",
            "１３８００１３８０００",
            "",
            13800138000,
        )
    ),
    *(
        BadField(_MESSAGE, _sender(email=value), "$.sender.email")
        for value in ("柳如是", "a@", "@frontdesk.example", "a b@frontdesk.example", "a@frontdesk..example", 7)
    ),
    BadField(_MESSAGE, _sender(phone="+8613800138000") | {"reply_address": "email"}, "$", "invalid-body"),
    BadField(_MESSAGE, _sender(wechat=SECRET), "$.sender.wechat", "unknown-field"),
    BadField(_MESSAGE, {"sender": None}, "$.sender", "missing-field"),
    BadField(_MESSAGE, {"zone": "Mars/Olympus"}, "$.zone"),
    BadField(_MESSAGE, {"language": SECRET}, "$.language"),
    BadField(_MESSAGE, {"purpose": SECRET}, "$.purpose"),
    BadField(_MESSAGE, {"text": None}, "$.text", "missing-field"),
    BadField(_MESSAGE, {"text": "  "}, "$.text"),
    BadField(_MESSAGE, {"text": "x" * 20_001}, "$.text"),
    BadField(_MESSAGE, {"text": 7}, "$.text"),
    BadField(_VISITS, {"departure": (SOON - timedelta(hours=1)).isoformat()}, "$.departure", "impossible-dates"),
    BadField(_VISITS, {"departure": SOON.isoformat()}, "$.departure", "impossible-dates"),
    BadField(_VISITS, {"arrival": "2020-01-01T09:00:00+08:00"}, "$.arrival", "impossible-dates"),
    BadField(
        _VISITS,
        {"arrival": "2199-01-01T09:00:00Z", "departure": "2199-01-01T10:00:00Z"},
        "$.arrival",
        "impossible-dates",
    ),
    BadField(_VISITS, {"arrival": "2027-06-31T09:00:00+08:00"}, "$.arrival"),
    BadField(_VISITS, {"head_count": 0}, "$.head_count"),
    BadField(_VISITS, {"head_count": 2.5}, "$.head_count"),
    BadField(_VISITS, {"guest": {"name": SECRET}}, "$.guest"),
    BadField(_VISITS, {"guest": {**GUEST, "phone": "free"}}, "$.guest.phone"),
    BadField(_VISITS, {"host_email": None}, "$", "invalid-body"),
    BadField(_VISITS, {"host_email": "stranger@frontdesk.example"}, "$.host_email", "host-unknown"),
    BadField("/channel-visits", {"guest": {**GUEST, "zone": "Nowhere"}}, "$.guest.zone"),
    BadField("/visits/{visit_id}/approve", {"revision": 0}, "$.revision"),
    BadField("/visits/{visit_id}/approve", {"revision": 7}, "$.revision", "visit-revision"),
    BadField("/visits/{visit_id}/reject", {"reason": None}, "$.reason", "missing-field"),
    BadField("/visits/{visit_id}/depart", {"departed_at": "2026-13-01T00:00:00Z"}, "$.departed_at"),
    *(
        BadField(_CELLS, {"cells": [{**CELL, **wrong}]}, f"$.cells[0]{field}")
        for wrong, field in (({"upper": 12.5}, ".upper"), ({"basis": None}, ""), ({"kind": SECRET}, ".kind"))
    ),
    BadField(_CELLS, {"cells": [CELL, {**CELL, "level": "Z"}]}, "$.cells[1]", "cell-unknown"),
    BadField("/standard-sets/{set_id}/outline", {"outline": {**OUTLINE, "currency": SECRET}}, "$.outline.currency"),
    BadField("/standard-sets/{set_id}/confirm", {"reading": -1}, "$.reading"),
    BadField("/walk-ins", {"guest_kind": SECRET}, "$.guest_kind"),
    BadField("/walk-ins", {"guest_kind": "applicant", "has_papers": False}, "$.form", "applicant-form-missing"),
    BadField("/appointments", {"starts": "2027-01-01"}, "$.starts"),
    BadField("/appointments", {"offer": SECRET}, "$.offer"),
    BadField("/appointment-offers/{code}", {"minutes": 0}, "$.minutes"),
    BadField("/appointment-offers/{code}", {"names": {"en": SECRET}}, "$.names.zh", "missing-field"),
    BadField("/appointment-offers/{code}", {}, "$.department_id", "department-unknown"),
    BadField("/receptions", {"form": {"company": SECRET, "visitors": []}}, "$.form.visitors"),
    BadField("/receptions", {"form": {"visitors": [{"name": SECRET}]}}, "$.form.company", "missing-field"),
    BadField("/visits/{visit_id}/amend", {"head_count": 501}, "$.head_count"),
    BadField("/visits/{visit_id}/budget", {"lines": [{"item": "lunch", "amount": -1}]}, "$.lines[0].amount"),
    BadField("/visits/{visit_id}/exemptions", {"currency": SECRET}, "$.currency"),
    BadField("/visit-drafts", {"kind": SECRET}, "$.kind"),
    BadField("/visit-drafts/{draft_id}/save", {"version": 0}, "$.version"),
    BadField("/token", {"email": SECRET}, "$.email"),
    BadField("/token", {"password": None}, "$.password", "missing-field"),
    BadField("/staff", {"roles": ["emperor"]}, "$.roles"),
    BadField("/staff", {"department_id": NO_ID}, "$.department_id", "department-unknown"),
    BadField("/staff", {"areas": [SECRET]}, "$.areas[0]"),
    BadField("/staff/{staff_id}/change", {"weight": -1}, "$.weight"),
    BadField("/staff/{staff_id}/absences", {"ends": "2020-01-01T00:00:00Z"}, "$.ends", "absence-dates"),
    BadField("/departments/{department_id}/calendar", {"zone": "Mars/Olympus"}, "$.zone"),
    BadField("/departments/{department_id}/calendar", {"week": {}}, "$.week", "calendar-empty"),
    BadField("/departments", {"parent_id": NO_ID}, "$.parent_id", "department-unknown"),
    BadField("/departments", {"code": SECRET}, "$.code"),
    BadField(_JUDGE, {"valid": "perhaps"}, "$.valid"),
    BadField(_JUDGE, {"reason": None}, "$.reason", "reason-missing"),
    BadField(_JUDGE, {"category": "weather"}, "$.category", "category-unknown"),
    BadField(_JUDGE, {"severity": SECRET}, "$.severity"),
    BadField(_JUDGE, {"responsible_department_id": "sales"}, "$.responsible_department_id"),
    BadField(
        _JUDGE,
        {"responsible_department_id": NO_ID},
        "$.responsible_department_id",
        "department-unknown",
    ),
    BadField(_JUDGE, {"accused_ids": [NO_ID]}, "$.accused_ids", "staff-unknown"),
    BadField(_JUDGE, {"accused_ids": [SECRET]}, "$.accused_ids[0]"),
    BadField("/tickets/{ticket_id}/close", {"reason": SECRET}, "$.reason"),
    BadField(_COMPLETE, {"outcome": SECRET}, "$.outcome"),
    BadField(_COMPLETE, {"words": "x" * 20_001}, "$.words"),
    BadField("/callbacks/{callback_id}/attempt", {"result": None}, "$.result", "missing-field"),
)

QUERIES = (
    ("intake", "host", "/visits?limit=0", "query.limit"),
    ("intake", "host", "/visits?state=柳如是", "query.state"),
    ("intake", "agent", "/cases?before=yesterday", "query.before"),
    ("intake", "host", "/standard-sets?state=柳如是", "query.state"),
    ("intake", "host", "/standard-sets/01890a5d-ac96-774b-bcce-b302099a8057/lines?level=A&guests=0", "query.guests"),
    ("complaints", "supervisor", "/tickets?limit=many", "query.limit"),
    ("complaints", "supervisor", "/tickets?handler=柳如是", "query.handler"),
    ("callbacks", "supervisor", "/callbacks?overdue=sometimes", "query.overdue"),
    ("callbacks", "supervisor", "/callbacks?mode=pigeon", "query.mode"),
    ("notify", "supervisor", "/messages?before=2026-02-30T00:00:00Z", "query.before"),
    ("notify", "supervisor", "/messages?state=lost", "query.state"),
    ("notify", "supervisor", "/threads?limit=9999", "query.limit"),
    ("intake", "agent", "/parties/13800138000", "path.party_id"),
    ("intake", "host", "/staff?state=absent", "query.state"),
    ("intake", "host", "/staff/13800138000", "path.staff_id"),
    ("intake", "host", "/departments/13800138000/calendar", "path.department_id"),
    ("intake", "host", "/appointment-offers/13800138000/slots", "path.code"),
    ("complaints", "supervisor", "/tickets/13800138000", "path.ticket_id"),
    ("callbacks", "supervisor", "/callbacks/13800138000", "path.callback_id"),
    ("notify", "supervisor", "/messages/13800138000", "path.message_id"),
)
"""service, who, path with query, the field that is told."""

OTHERS_THINGS = (
    ("intake", "host", "/visits/{}", "visit-not-found"),
    ("intake", "agent", "/cases/{}", "case-not-found"),
    ("intake", "host", "/standard-sets/{}", "standard-set-not-found"),
    ("intake", "agent", "/parties/{}", "party-not-found"),
    ("intake", "host", "/staff/{}", "staff-not-found"),
    ("intake", "host", "/departments/{}", "department-not-found"),
    ("intake", "host", "/appointment-offers/nothing/slots", "appointment-offer-not-found"),
    ("intake", CHANNEL, "/channel-messages/{}", "channel-message-not-found"),
    ("complaints", "supervisor", "/tickets/{}", "ticket-not-found"),
    ("callbacks", "supervisor", "/callbacks/{}", "callback-not-found"),
    ("notify", "supervisor", "/messages/{}", "message-not-found"),
)
"""service, who, path of an id that nothing has, code."""

POWERLESS = (
    *((command.path, "reception", "permission-missing") for command in COMMANDS if command.service != "intake"),
    ("/cases/{case_id}/close", "reception", "permission-missing"),
    *((command.path, "host", "permission-missing") for command in COMMANDS if "standard-set" in command.path),
    ("/standard-sets/{set_id}/publish", "administration", "permission-missing"),
    ("/visits/{visit_id}/judge-level", "host", "permission-missing"),
    ("/walk-ins", "host", "permission-missing"),
    ("/appointments", "host", "permission-missing"),
    ("/appointment-offers/{code}", "host", "permission-missing"),
    ("/exemptions/{exemption_id}/grant", "host", "permission-missing"),
    ("/approval-delegations", "host", "permission-missing"),
    ("/departments/{department_id}/approval-route", "sales-head", "permission-missing"),
    ("/departments", "manager", "permission-missing"),
    ("/departments/{department_id}/calendar", "sales-head", "permission-missing"),
    ("/staff", "manager", "permission-missing"),
    ("/staff/{staff_id}/leave", "manager", "permission-missing"),
    ("/staff/{staff_id}/absences", "host", "permission-missing"),
    ("/visits/{visit_id}/approve", "host", "own-request"),
    ("/visits/{visit_id}/approve", "manager", "not-the-approver"),
    ("/visits/{visit_id}/reject", "reception", "not-the-approver"),
    ("/visits/{visit_id}/return", "handler-1", "not-the-approver"),
    ("/visits/{visit_id}/cancel", "handler-1", "permission-missing"),
)
"""Path, who lacks the power for it, code."""

FORBIDDEN = (
    *(
        (command.path, command.who, "ticket-state")
        for command in COMMANDS
        if command.service == "complaints" and not command.path.endswith("/reopen")  # what is closed may be reopened
    ),
    *((command.path, command.who, "callback-state") for command in COMMANDS if command.service == "callbacks"),
    *((command.path, command.who, "visit-state") for command in COMMANDS if "{visit_id}" in command.path),
    *((command.path, command.who, "standard-set-state") for command in COMMANDS if "{set_id}" in command.path),
    ("/cases/{case_id}/close", "agent", "case-state"),
)
"""Path, who, code: on things that have ended."""


def command_of(path: str) -> Command:
    """The command at `path`."""
    return next(command for command in COMMANDS if command.path == path)


def changed(body: Json, change: Json) -> Json:
    """`body` with parts replaced, or taken away where `change` says None."""
    return {name: value for name, value in {**body, **change}.items() if value is not None}
