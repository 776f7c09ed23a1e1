"""Permissions on routes and in machines are ones that some role has, and no role has one that opens nothing."""

from __future__ import annotations

import ast

from deploy.contracts import machines_of, openapi_of, service_of
from shared.contracts.topics import SERVICES
from shared.security.permissions import ROLES, permissions_of
from tests.support.routes import doors_of
from tests.support.sources import nodes_of, trees

ON_ROUTES = {door.permission for name in SERVICES for door in doors_of(service_of(name))} - {None}
IN_MACHINES = {row.by for name in SERVICES for machine in machines_of(name) for row in machine.transitions} - {None}
IN_ROLES = frozenset().union(*ROLES.values())


def test_every_permission_that_something_asks_for_is_some_role_s() -> None:
    nobodys = (ON_ROUTES | IN_MACHINES) - IN_ROLES
    assert not nobodys, "nobody could ever do this: add it to a role"


def test_every_permission_of_a_role_opens_something() -> None:
    # Also what a route asks for beside its own, such as reading a text: it stands in the code as a constant.
    named = {
        node.value
        for tree in trees("services").values()
        for node in nodes_of(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    idle = IN_ROLES - named
    assert not idle, "no route or machine asks for these: take them out"


def test_a_field_is_opened_by_a_permission_that_some_role_has() -> None:
    schemas = [schema for name in SERVICES for schema in openapi_of(name)["components"]["schemas"].values()]
    named = {
        field["x-permission"]
        for schema in schemas
        for field in schema.get("properties", {}).values()
        if "x-permission" in field
    }
    assert named <= IN_ROLES


def test_every_refusal_for_want_of_a_permission_names_it() -> None:
    nameless = [
        f"{path}:{node.lineno}"
        for path, tree in trees("services", "shared").items()
        if path != "shared/security/permissions.py"
        for node in nodes_of(tree)
        if isinstance(node, ast.Call) and any(ast.unparse(each) == "'permission-missing'" for each in node.args)
    ]
    assert nameless == [], "raise shared.security.permissions.missing(permission)"


def test_roles_add_up_and_an_unknown_role_may_nothing() -> None:
    assert permissions_of(["callback-agent", "finance"]) == ROLES["callback-agent"] | ROLES["finance"]
    assert permissions_of(["emperor"]) == permissions_of([]) == frozenset()
