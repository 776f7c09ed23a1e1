"""How far a permission reaches, by the caller's roles."""

from __future__ import annotations

from shared.security.permissions import REACHES, ROLES, Reach, missing, reach_of


def test_the_farthest_of_several_roles_counts() -> None:
    assert reach_of(["engineer"], "visits.read") is Reach.OWN
    assert reach_of(["engineer", "supervisor"], "visits.read") is Reach.DEPARTMENT
    assert reach_of(["engineer", "supervisor", "reception"], "visits.read") is Reach.ALL


def test_a_role_without_the_permission_or_unknown_reaches_nothing() -> None:
    assert reach_of(["engineer"], "visits.decide") is None
    assert reach_of(["emperor"], "visits.read") is None
    assert reach_of([], "visits.read") is None


def test_every_row_names_a_role_that_has_the_permission() -> None:
    idle = [
        f"{role} has no {permission}"
        for permission, rows in REACHES.items()
        for role in rows
        if permission not in ROLES.get(role, frozenset())
    ]
    assert idle == []


def test_a_refusal_names_the_permission_also_where_it_says_more() -> None:
    refused = missing("visits.confirm", expected="the visit's host or requester, or the permission visits.confirm")
    assert (refused.code, refused.status, refused.permission) == ("permission-missing", 403, "visits.confirm")
    assert missing("visits.confirm").expected == "the permission visits.confirm"
