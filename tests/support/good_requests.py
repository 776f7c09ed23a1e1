"""Every command of the four services with a body that would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.local.demo.cast import staff_email
from shared.kernel import clock

Json = dict[str, Any]

CHANNEL, NOBODY = "channel", "nobody"
"""Who calls, where it is no member of staff."""

_BOSS = "administration"
"""Looks after the directory."""

_GENERAL = "general"

NO_ID = "01890a5d-ac96-774b-bcce-b302099a8057"

SECRET = "柳如是-pseudonym-7421"
"""Stands in what is sent; no problem may repeat it."""

SOON = clock.now() + timedelta(days=20)
GUEST = {"name": SECRET, "phone": "+8613800138000"}
_WISH = {
    "arrival": SOON.isoformat(),
    "departure": (SOON + timedelta(hours=2)).isoformat(),
    "purpose": SECRET,
    "short_notice_reason": SECRET,
}
VISIT = {**_WISH, "guest": GUEST, "host_email": staff_email("host")}
WALK_IN = {"guest": GUEST, "guest_kind": "business", "purpose": SECRET, "host_email": staff_email("host")}
OFFER = {
    "department_id": NO_ID,
    "host_id": NO_ID,
    "names": {"zh": SECRET, "en": SECRET},
    "minutes": 30,
}
RECEPTION = {**VISIT, "form": {"company": SECRET, "visitors": [{"name": SECRET}]}}
MESSAGE = {"purpose": "complaint", "sender": {"name": SECRET, "phone": "+8613800138000"}, "text": SECRET}

_NAMES = {"zh": SECRET, "en": SECRET}
_LINE = {"item": "lunch", "amount": 1, "note": SECRET}
_PLACE = {"item": "lunch", "level": "B"}
CELL = {**_PLACE, "kind": "cap", "upper": 100, "basis": "person", "note": _NAMES}
OUTLINE = {
    "names": _NAMES,
    "currency": "CNY",
    "levels": [{"code": "B", "rank": 1, "names": _NAMES}],
    "items": [{"code": "lunch", "names": _NAMES}],
}


@dataclass(frozen=True, slots=True)
class Command:
    """A POST that would be accepted, or at least understood: who may send it, and what. No body: None."""

    service: str
    path: str
    who: str
    body: Json | None


COMMANDS = (
    Command("intake", "/channel-messages", CHANNEL, MESSAGE),
    Command("intake", "/channel-visits", CHANNEL, VISIT),
    Command("intake", "/token", NOBODY, {"email": "nobody@frontdesk.example", "password": SECRET}),
    Command("intake", "/visits", "host", VISIT),
    Command("intake", "/visits/{visit_id}/approve", "sales-head", {"revision": 1}),
    Command("intake", "/visits/{visit_id}/return", "sales-head", {"revision": 1, "reason": SECRET}),
    Command("intake", "/visits/{visit_id}/reject", "sales-head", {"revision": 1, "reason": SECRET}),
    Command("intake", "/visits/{visit_id}/resubmit", "host", _WISH),
    Command("intake", "/visits/{visit_id}/reschedule", "host", {k: _WISH[k] for k in ("arrival", "departure")}),
    Command("intake", "/visits/{visit_id}/cancel", "host", {"reason": SECRET}),
    Command("intake", "/visits/{visit_id}/withdraw", "host", None),
    Command("intake", "/receptions", "host", RECEPTION),
    Command("intake", "/visits/{visit_id}/resubmit-reception", "host", _WISH),
    Command("intake", "/visits/{visit_id}/amend", "host", {"purpose": SECRET}),
    Command("intake", "/visits/{visit_id}/judge-level", "sales-head", {"level": "A", "reason": SECRET}),
    Command("intake", "/visits/{visit_id}/budget", "host", {"bearer_department_id": NO_ID, "lines": [_LINE]}),
    Command("intake", "/visits/{visit_id}/seek-approval", "host", None),
    Command("intake", "/visits/{visit_id}/exemptions", "host", {"item": "lunch", "up_to": 1, "reason": SECRET}),
    *(Command("intake", f"/exemptions/{{exemption_id}}/{step}", _GENERAL, None) for step in ("grant", "refuse")),
    Command("intake", "/exemptions/{exemption_id}/withdraw", "host", None),
    Command("intake", "/visit-drafts", "host", {"kind": "business", "content": {"purpose": SECRET}}),
    Command("intake", "/visit-drafts/{draft_id}/save", "host", {"content": {"purpose": SECRET}, "version": 1}),
    Command("intake", "/visit-drafts/{draft_id}/submit", "host", None),
    Command("intake", "/visit-drafts/{draft_id}/discard", "host", None),
    Command("intake", "/approval-delegations", "sales-head", {"delegate_id": NO_ID, "cap": 1, "currency": "CNY"}),
    Command("intake", "/approval-delegations/{delegation_id}/end", "sales-head", None),
    Command("intake", "/departments/{department_id}/approval-route", _BOSS, {"route": "AP-01"}),
    Command("intake", "/visits/{visit_id}/confirm", "reception", None),
    Command("intake", "/visits/{visit_id}/arrive", "reception", None),
    Command("intake", "/visits/{visit_id}/miss", "reception", None),
    Command("intake", "/visits/{visit_id}/extend", "reception", {"departure": SOON.isoformat()}),
    Command("intake", "/walk-ins", "reception", WALK_IN),
    Command(
        "intake", "/appointments", "reception", {"offer": "car-service", "starts": SOON.isoformat(), "guest": GUEST}
    ),
    Command("intake", "/visits/{visit_id}/move", "reception", {"starts": SOON.isoformat()}),
    Command("intake", "/appointment-offers/{code}", _BOSS, OFFER),
    Command("intake", "/visits/{visit_id}/depart", "reception", {}),
    Command("intake", "/standard-sets", "administration", {"copy_of": "01890a5d-ac96-774b-bcce-b302099a8057"}),
    Command("intake", "/standard-sets/{set_id}/outline", "administration", {"version": 1, "outline": OUTLINE}),
    Command("intake", "/standard-sets/{set_id}/cells", "administration", {"cells": [CELL]}),
    Command("intake", "/standard-sets/{set_id}/confirm", "administration", {**_PLACE, "reading": 0}),
    Command("intake", "/standard-sets/{set_id}/publish", "general", {"version": 1}),
    Command("intake", "/standard-sets/{set_id}/retire", "general", None),
    Command("intake", "/standard-sets/{set_id}/discard", "administration", None),
    Command("intake", "/departments/{department_id}/standard-set", "general", {"code": "T1"}),
    Command("intake", "/cases/{case_id}/close", "agent", None),
    Command("intake", "/departments", _BOSS, {"code": "new", "name": SECRET}),
    Command("intake", "/departments/{department_id}/change", _BOSS, {"name": SECRET}),
    Command("intake", "/departments/{department_id}/close", _BOSS, None),
    Command("intake", "/departments/{department_id}/reopen", _BOSS, None),
    Command("intake", "/departments/{department_id}/calendar", _BOSS, {"days": {"2027-02-08": "off"}}),
    Command("intake", "/staff", _BOSS, {"email": "new@frontdesk.example", "name": SECRET, "department_id": NO_ID}),
    Command("intake", "/staff/{staff_id}/change", _BOSS, {"name": SECRET}),
    *(Command("intake", f"/staff/{{staff_id}}/{step}", _BOSS, None) for step in ("lock", "unlock", "leave", "rejoin")),
    Command("intake", "/staff/{staff_id}/absences", _BOSS, {"starts": SOON.isoformat()}),
    Command("intake", "/staff/{staff_id}/absences/{absence_id}/end", _BOSS, None),
    Command("complaints", "/tickets/{ticket_id}/judge", "supervisor", {"valid": False, "reason": SECRET}),
    Command("complaints", "/tickets/{ticket_id}/explain", "supervisor", {"explanation": SECRET}),
    Command("complaints", "/tickets/{ticket_id}/assign", "supervisor", {}),
    Command("complaints", "/tickets/{ticket_id}/investigate", "supervisor", {"findings": SECRET}),
    Command("complaints", "/tickets/{ticket_id}/resolve", "supervisor", {"reason": SECRET}),
    Command("complaints", "/tickets/{ticket_id}/reopen", "supervisor", {"reason": SECRET}),
    Command("complaints", "/tickets/{ticket_id}/close", "supervisor", {"reason": "no-contact", "note": SECRET}),
    Command("callbacks", "/callbacks/{callback_id}/attempt", "supervisor", {"result": "reached"}),
    Command("callbacks", "/callbacks/{callback_id}/give-up", "supervisor", {"reason": "no-answer"}),
    Command("callbacks", "/callbacks/{callback_id}/refuse", "supervisor", None),
    Command("callbacks", "/callbacks/{callback_id}/complete", "supervisor", {"outcome": "neutral", "words": SECRET}),
)
