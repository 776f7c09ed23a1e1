"""Migrations of a service's database: Alembic from code, forward only, one process at a time.

A service has no environment of its own: `shared/store/alembic/env.py` runs its revisions, which are plain SQL in
`services/<name>/migrations/versions/<number>_<what>.py`. The first of each applies `core_0001`,
a later one `core_0002`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text

from shared.store.database import engine_url

_HERE = Path(__file__).parent
_SERVICES = _HERE.parents[1] / "services"

_ONLY_ONE = 0x46524F4E54  # any number, as long as nobody else in this database uses it for an advisory lock
_WAIT_FOR_OTHERS = "60s"
# A migration that waits for a table's lock makes every later query of that table wait behind it: better to give up.
_WAIT_FOR_TABLES = "5s"

# Alembic's `op` and `context` are global to the process.
_one_thread = threading.Lock()


def apply_core(name: str) -> None:
    """Inside a migration: runs `shared/store/<name>.sql`."""
    # The file is handed over as it stands: no sign in it is a parameter.
    op.get_bind().exec_driver_sql((_HERE / f"{name}.sql").read_text(), execution_options={"no_parameters": True})


def forward_only() -> None:
    """The `downgrade` of every revision. Raises: going back is a new revision."""
    raise RuntimeError("migrations go forward only; write a new revision that undoes this one")


def migrate(service_name: str, database_url: str) -> None:
    """Brings the database to this build's newest revision; each revision is one transaction.

    Two processes may call it at once: the second waits up to a minute for the first, then finds nothing to do.
    Raises sqlalchemy.exc.OperationalError where the database cannot be reached or a lock is not to be had.
    """
    with _one_thread, _connect(database_url) as connection:
        # The lock belongs to the session and ends with it, also when this process is killed.
        connection.execute(text(f"SET lock_timeout = '{_WAIT_FOR_OTHERS}'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONLY_ONE})
        connection.execute(text(f"SET lock_timeout = '{_WAIT_FOR_TABLES}'"))
        connection.commit()
        command.upgrade(_config(service_name, connection), "head")


def pending(service_name: str, database_url: str) -> bool:
    """Whether the database lacks a revision of this build.

    A database that is ahead of this build is fine: migrations only add until the older build is gone.
    """
    script = ScriptDirectory.from_config(_config(service_name))
    with _connect(database_url) as connection:
        applied = MigrationContext.configure(connection).get_current_heads()
    known = {revision.revision for revision in script.walk_revisions()}
    return set(applied) <= known and set(applied) != set(script.get_heads())


@contextmanager
def _connect(database_url: str) -> Iterator[Connection]:
    engine = create_engine(
        engine_url(database_url),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": "frontdesk-migrations", "options": "-c timezone=UTC"},
    )
    with engine.connect() as connection:
        yield connection


def _config(service_name: str, connection: Connection | None = None) -> Config:
    versions = _SERVICES / service_name / "migrations" / "versions"
    if not versions.is_dir():
        raise FileNotFoundError(f"service {service_name} has no migrations: {versions} is missing")
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _escaped(_HERE / "alembic"))
    config.set_main_option("version_locations", _escaped(versions))
    # One location per line: a folder's name may hold spaces.
    config.set_main_option("path_separator", "newline")
    return config


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
