"""Migrations of every service's database, on real databases that begin empty."""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, inspect, text
from sqlalchemy.exc import ProgrammingError

from deploy.local.postgres import Postgres
from shared.contracts.topics import SERVICES
from shared.store import migrations
from shared.store.database import engine_url
from shared.store.migrations import forward_only, migrate, pending
from shared.store.tables import core

_PASSWORD = "only-in-tests"
_numbers = itertools.count(1)


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[Callable[[], str]]:
    """`empty()`: the URL of a fresh database with nothing in it."""
    made: list[str] = []

    def make() -> str:
        made.append(f"empty_{next(_numbers)}")
        return postgres.provision("migrator", _PASSWORD, database=made[-1])

    yield make
    for name in made:
        postgres.drop(name)


@pytest.fixture
def revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str | None, str], None]:
    """`revisions("0002", "0001", "CREATE …")` writes a revision of the made-up service `sample`."""
    versions = tmp_path / "sample" / "migrations" / "versions"
    versions.mkdir(parents=True)
    monkeypatch.setattr(migrations, "_SERVICES", tmp_path)

    def write(revision: str, down: str | None, statement: str) -> None:
        (versions / f"{revision}_made.py").write_text(
            f"from alembic import op\nrevision = {revision!r}\ndown_revision = {down!r}\n"
            f"def upgrade():\n    op.execute({statement!r})\n"
        )

    return write


def _connect(url: str) -> Connection:
    return create_engine(engine_url(url), poolclass=NullPool).connect()


def _tables(url: str) -> set[str]:
    with _connect(url) as connection:
        return set(inspect(connection).get_table_names())


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_an_empty_database_is_pending_until_it_is_migrated(service: str, empty: Callable[[], str]) -> None:
    url = empty()
    assert pending(service, url)

    migrate(service, url)

    assert not pending(service, url)
    assert set(core.tables) <= _tables(url)


def test_migrating_again_changes_nothing(empty: Callable[[], str]) -> None:
    url = empty()
    migrate("intake", url)
    before = _tables(url)

    migrate("intake", url)

    assert _tables(url) == before


def test_two_processes_that_migrate_at_once_both_succeed(empty: Callable[[], str]) -> None:
    """Two replicas that start together: without the lock the second one's CREATE TABLE would fail."""
    url = empty()
    spawned = multiprocessing.get_context("spawn")
    processes = [spawned.Process(target=migrate, args=("intake", url)) for _ in range(2)]

    for process in processes:
        process.start()
    for process in processes:
        process.join(120)

    assert [process.exitcode for process in processes] == [0, 0]
    assert not pending("intake", url)


def test_a_second_migration_waits_for_the_first_ones_lock(empty: Callable[[], str]) -> None:
    url = empty()
    spawned = multiprocessing.get_context("spawn")
    process = spawned.Process(target=migrate, args=("intake", url))
    with _connect(url) as other:
        other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": migrations._ONLY_ONE})
        other.commit()
        process.start()
        waiting = text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        while other.execute(waiting).scalar_one() == 0:
            assert process.is_alive(), "the migration did not wait"
            other.rollback()
        assert "outbox" not in _tables(url)

    process.join(120)

    assert process.exitcode == 0
    assert not pending("intake", url)


def test_the_cores_tables_are_as_the_code_knows_them(empty: Callable[[], str]) -> None:
    """Indexes, checks and defaults stand in the SQL only; columns, types and NULLs must agree."""
    url = empty()
    migrate("intake", url)

    with _connect(url) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": lambda _object, name, kind, *_: (
                    (kind == "table" and name in core.tables) or kind == "column"
                ),
            },
        )
        differences = compare_metadata(context, core)

    assert differences == []


def test_a_database_ahead_of_this_build_is_not_pending(empty: Callable[[], str]) -> None:
    """Expand and contract: the older build goes on working while the newer one is rolled out."""
    url = empty()
    migrate("intake", url)
    with _connect(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()

    assert not pending("intake", url)


def test_a_revision_that_fails_leaves_the_ones_before_it(
    empty: Callable[[], str], revisions: Callable[[str, str | None, str], None]
) -> None:
    url = empty()
    revisions("0001", None, "CREATE TABLE first (id int)")
    revisions("0002", "0001", "CREATE TABLE second (id int); SELECT nonsense")

    with pytest.raises(ProgrammingError):
        migrate("sample", url)

    assert _tables(url) == {"alembic_version", "first"}
    assert pending("sample", url)


def test_a_database_that_lacks_a_newer_revision_is_pending(
    empty: Callable[[], str], revisions: Callable[[str, str | None, str], None]
) -> None:
    url = empty()
    revisions("0001", None, "CREATE TABLE first (id int)")
    migrate("sample", url)
    assert not pending("sample", url)

    revisions("0002", "0001", "CREATE TABLE second (id int)")

    assert pending("sample", url)


def test_a_service_without_migrations_is_named(empty: Callable[[], str]) -> None:
    with pytest.raises(FileNotFoundError, match="service nobody has no migrations"):
        migrate("nobody", empty())


def test_there_is_no_way_back() -> None:
    with pytest.raises(RuntimeError, match="forward only"):
        forward_only()
