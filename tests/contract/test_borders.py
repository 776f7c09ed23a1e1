"""The borders between rooms that import-linter cannot see; each failure says what to do instead."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.sources import ROOT, nodes_of, trees

LONGEST_FILE = 350

OURS = trees("services", "shared")

Breaches = Iterator[tuple[int, str]]
Rule = Callable[[str, ast.Module], Breaches]

STORES = re.compile(
    r"services/\w+/(\w+/)?(store|\w*_store|store_\w+|tables|metadata)\.py|services/\w+/migrations/.*"
    r"|shared/store/.*|shared/messaging/.*|shared/web/store\.py"
)
EDGES = re.compile(
    r"shared/(store|messaging)/.*|shared/web/edge\.py|services/\w+/\w+/(door|operator|role|sign_in)\.py"
    r"|services/notify/(sender|receiver)/\w+\.py"
)
CLOCKS = re.compile(r"shared/kernel/clock\.py|shared/telemetry/tracing\.py")
"""Beside the clock: spans carry nanoseconds, which nothing decides by."""

KAFKA_ACCESS = "shared/messaging/kafka_access.py"

_SQL = frozenset({"select", "insert", "update", "delete", "text", "func"})
_TIME = frozenset({"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "now", "utcnow", "today"})
_TIME_OWNERS = frozenset({"time", "datetime", "date", "dt"})


def sql_outside_stores(path: str, tree: ast.Module) -> Breaches:
    """Queries are written in store.py."""
    if STORES.fullmatch(path):
        return
    for node in nodes_of(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy":
            used = {alias.name for alias in node.names} & _SQL
            if node.module != "sqlalchemy.exc" and used:
                yield node.lineno, f"{', '.join(sorted(used))}: move the query into the module's store.py"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "execute":
            yield node.lineno, "execute(): call a function of the module's store.py"


def commits_outside_edges(path: str, tree: ast.Module) -> Breaches:
    """Only edges open and end transactions."""
    if EDGES.fullmatch(path):
        return
    for node in nodes_of(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value).rpartition(".")[2]
            ends = node.func.attr in ("commit", "rollback", "transaction")
            if ends or (node.func.attr == "begin" and owner in ("engine", "connection")):
                yield node.lineno, f"{node.func.attr}(): take a UnitOfWork; the edge that opened it commits it"


def time_outside_the_clock(path: str, tree: ast.Module) -> Breaches:
    """Only shared/kernel/clock.py reads the time."""
    if CLOCKS.fullmatch(path):
        return
    for node in nodes_of(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value).rpartition(".")[2]
            if node.func.attr in _TIME and owner in _TIME_OWNERS:
                yield node.lineno, f"{owner}.{node.func.attr}(): use uow.now, or shared.kernel.clock"
        if isinstance(node, ast.ImportFrom) and node.module == "time" and {a.name for a in node.names} & _TIME:
            yield node.lineno, "from time import …: use shared.kernel.clock"


def prints(_path: str, tree: ast.Module) -> Breaches:
    """Services speak through logs."""
    for node in nodes_of(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "print(): log it, with ids and without people's data"


def swallowed(_path: str, tree: ast.Module) -> Breaches:
    """An error that is caught leaves something behind."""
    for node in nodes_of(tree):
        if isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body):
            caught = "everything" if node.type is None else ast.unparse(node.type)
            if caught in ("everything", "Exception", "BaseException"):
                yield node.lineno, f"{caught} is caught and forgotten: name what may fail, log it, or let it rise"


def broker_without_login(path: str, tree: ast.Module) -> Breaches:
    """How Kafka is reached is decided in one place, or one client would come without the login that the others have."""
    if path == KAFKA_ACCESS:
        return
    for node in nodes_of(tree):
        named = (isinstance(node, ast.Attribute) and node.attr.startswith("kafka_") and node.attr) or (
            isinstance(node, ast.keyword) and node.arg == "bootstrap_servers" and node.arg
        )
        if named:
            yield node.lineno, f"{named}: KafkaAccess.of(settings, principal_of(service)).options() knows the login too"


RULES: list[Rule] = [
    sql_outside_stores,
    commits_outside_edges,
    time_outside_the_clock,
    prints,
    swallowed,
    broker_without_login,
]


def breaches(rule: Rule, path: str, tree: ast.Module) -> list[str]:
    """A sentence for each place that breaks `rule`."""
    return [f"{path}:{line}: {what}" for line, what in rule(path, tree)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_file_breaks_the_rule(rule: Rule) -> None:
    found = [line for path, tree in OURS.items() for line in breaches(rule, path, tree)]
    assert found == [], "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (sql_outside_stores, "from sqlalchemy import select"),
        (sql_outside_stores, "async def f(uow): await uow.execute(x)"),
        (commits_outside_edges, "async def f(database):\n    async with database.transaction(cause) as uow: pass"),
        (commits_outside_edges, "connection.commit()"),
        (commits_outside_edges, "database.engine.begin()"),
        (time_outside_the_clock, "import datetime\ndatetime.datetime.now()"),
        (time_outside_the_clock, "from datetime import date\ndate.today()"),
        (time_outside_the_clock, "import time\ntime.monotonic()"),
        (time_outside_the_clock, "from time import time"),
        (prints, "print('x')"),
        (swallowed, "try:\n    f()\nexcept Exception:\n    pass"),
        (swallowed, "try:\n    f()\nexcept:\n    pass"),
        (broker_without_login, "admin(settings.kafka_bootstrap)"),
        (broker_without_login, "AIOKafkaProducer(bootstrap_servers=addresses)"),
    ],
)
def test_each_rule_sees_what_it_forbids(rule: Rule, source: str) -> None:
    assert breaches(rule, "services/intake/parties/commands.py", ast.parse(source))


def test_stores_edges_and_the_clock_may() -> None:
    assert not breaches(
        sql_outside_stores, "services/intake/parties/store.py", ast.parse("from sqlalchemy import select")
    )
    assert not breaches(commits_outside_edges, "shared/web/edge.py", ast.parse("database.transaction(cause)"))
    assert not breaches(time_outside_the_clock, "shared/kernel/clock.py", ast.parse("time.monotonic()"))
    assert not breaches(
        sql_outside_stores, "shared/web/problems.py", ast.parse("from sqlalchemy.exc import DBAPIError")
    )


def test_no_file_is_too_long() -> None:
    long = {path: (ROOT / path).read_text().count("\n") for path in trees("services", "shared", "deploy", "tests")}
    found = [f"{path}: {lines} lines" for path, lines in long.items() if lines > LONGEST_FILE]
    assert found == [], "look for the second thing in these files and give it a file of its own"


def test_no_room_is_named_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "base", "core"}
    found = [path for path in OURS if {Path(path).stem, Path(path).parent.name} & vague]
    assert found == [], "name the file after the one thing it does"


def test_every_file_says_what_it_is_for() -> None:
    silent = [path for path, tree in OURS.items() if tree.body and not ast.get_docstring(tree)]
    assert silent == [], "the first line of a file says what it is for"
