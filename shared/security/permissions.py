"""Roles and what they may do: a row per role, `<things>.<verb>`. Routes name one permission each.

Whose things a permission reaches is the second table; which fields it opens stands at the fields (shared/web/seen.py).
Who may act on one thing in particular (its handler, its approver, never the accused) is decided by its module.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from shared.kernel.errors import Refused

_STAFF = frozenset({"visits.request", "visits.read", "staff.read", "departments.read", "standards.read"})
"""Every role: anybody here may expect a visitor, know what that may cost, and whom they work with."""

_HEAD = frozenset({"staff.record-absence", "staff.read-contact", "calendars.manage"})
"""Of whoever leads people."""

_DIRECTORY = _HEAD | {"staff.manage", "staff.grant-roles", "staff.lock", "departments.manage"}
"""The whole directory."""

_READ_WORK = frozenset({"tickets.read", "cases.read", "callbacks.read", "parties.read"})

_TICKET_WORK = frozenset(
    {
        "tickets.explain",
        "tickets.investigate",
        "tickets.propose",
        "tickets.offer",
        "tickets.carry-out",
        "tickets.sign-off",
        "tickets.resolve",
    }
)

_TICKET_DECISIONS = frozenset(
    {
        "tickets.judge",
        "tickets.assign",
        "tickets.decide",
        "tickets.dispute",
        "tickets.merge",
        "tickets.withdraw",
        "tickets.reopen",
        "tickets.close",
    }
)

_VISIT_DECISIONS = frozenset({"visits.decide", "visits.cancel", "visits.level"})
_CASE_WORK = frozenset({"cases.work", "cases.close"})
_VISIT_WORK = frozenset(
    {"visits.level", "visits.prepare", "visits.confirm", "visits.receive", "visits.settle", "visits.cancel"}
)
_STANDARDS_WORK = frozenset({"standards.edit", "standards.confirm"})

ROLES: dict[str, frozenset[str]] = {
    "agent": _STAFF | _READ_WORK | _CASE_WORK | {"visits.receive"},
    "supervisor": _STAFF
    | _READ_WORK
    | _TICKET_WORK
    | _TICKET_DECISIONS
    | _CASE_WORK
    | {"cases.assign", "callbacks.perform", "callbacks.decide", "callbacks.read-answers"}
    | {"messages.read", "messages.read-text"}
    | {"staff.record-absence", "staff.read-contact"},
    "liaison": _STAFF | _READ_WORK | _CASE_WORK | {"visits.confirm"},
    "coordinator": _STAFF | _VISIT_WORK | {"parties.read"},
    "department-manager": _STAFF
    | _READ_WORK
    | _TICKET_DECISIONS
    | _VISIT_DECISIONS
    | _HEAD
    | {"tickets.investigate", "callbacks.decide", "callbacks.read-answers"},
    "administration-manager": _STAFF | _VISIT_DECISIONS | _VISIT_WORK | _DIRECTORY | _STANDARDS_WORK,
    "general-manager": _STAFF
    | _READ_WORK
    | _VISIT_DECISIONS
    | _HEAD
    | {"tickets.authorise", "callbacks.read-answers", "standards.confirm", "standards.publish"},
    "assistant-to-general-manager": _STAFF | _READ_WORK | _VISIT_DECISIONS | _STANDARDS_WORK,
    "finance": _STAFF | {"visits.settle"},
    "complaint-handler": _STAFF
    | _READ_WORK
    | _TICKET_WORK
    # On tickets of their own: on whose ticket it is, the ticket itself insists.
    | {"tickets.judge", "tickets.assign", "tickets.reopen", "tickets.close", "tickets.dispute"},
    "quality": _STAFF
    | _READ_WORK
    | _TICKET_DECISIONS
    | {"tickets.investigate", "tickets.authorise", "callbacks.decide", "callbacks.read-answers"},
    "callback-agent": _STAFF | {"callbacks.read", "callbacks.perform", "callbacks.read-answers", "parties.read"},
    "engineer": _STAFF,
    "dispatcher": _STAFF | {"parties.read"},
    "customer-data-officer": _STAFF | {"parties.read"},
    "template-approver": _STAFF,
    "operator": _STAFF | _DIRECTORY | {"messages.read", "messages.hold"},
    "reception": _STAFF | {"visits.receive"},
}


class Reach(IntEnum):
    """Whose things a permission opens; the higher includes the lower."""

    OWN = 1
    """What one takes part in: as host, as requester, as the one who is asked to decide, as the person oneself."""
    DEPARTMENT = 2
    """What belongs to one's own department, or to one that one heads, and to all below."""
    ALL = 3


_OWN_VISITS = (
    "liaison",
    "complaint-handler",
    "callback-agent",
    "engineer",
    "dispatcher",
    "customer-data-officer",
    "template-approver",
    "operator",
)
_OF_DEPARTMENT = {"department-manager": Reach.DEPARTMENT, "supervisor": Reach.DEPARTMENT}

REACHES: dict[str, dict[str, Reach]] = {
    "visits.read": dict.fromkeys(_OWN_VISITS, Reach.OWN) | _OF_DEPARTMENT,
    "visits.level": {"department-manager": Reach.DEPARTMENT},
    "staff.record-absence": _OF_DEPARTMENT,
    "staff.read-contact": _OF_DEPARTMENT,
    "calendars.manage": {"department-manager": Reach.DEPARTMENT},
}
"""Permission → role → whose things. A permission or a role that is not here: everybody's."""


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Everything that one of `roles` may do; a role that is not in the table may do nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def reach_of(roles: Iterable[str], permission: str) -> Reach | None:
    """The farthest that one of `roles` reaches with `permission`; None where none has it."""
    rows = REACHES.get(permission, {})
    having = [role for role in roles if permission in ROLES.get(role, frozenset())]
    return max((rows.get(role, Reach.ALL) for role in having), default=None)


def missing(permission: str, *, expected: str | None = None, field: str | None = None) -> Refused:
    """The refusal (403) of who lacks `permission`; `expected` also says who needs none, or where it would have to
    reach.
    """
    if expected is None:
        expected = f"the permission {permission}"
    return Refused("permission-missing", status=403, field=field, expected=expected, permission=permission)
