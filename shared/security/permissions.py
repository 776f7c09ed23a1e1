"""Roles and what they may do: a row per role, `<things>.<verb>`. Routes name one permission each."""

from __future__ import annotations

from collections.abc import Iterable

_EVERYBODY = frozenset({"visits.request", "visits.read"})

ROLES: dict[str, frozenset[str]] = {
    "agent": frozenset({"tickets.read", "cases.read", "cases.close"}),
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Everything that one of `roles` may do; a role that is not in the table may do nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
