"""PostgreSQL on a laptop: closed between services, never orphaned, one server per folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from deploy.local.ports import ClaimedPorts, is_free
from deploy.local.postgres import Postgres
from deploy.local.trouble import Trouble

_STARTER = """
import sys, time
from pathlib import Path
from deploy.local.postgres import Postgres

server = Postgres(Path(sys.argv[1]), int(sys.argv[2]), durable=False)
server.start()
print("ready", flush=True)
time.sleep(60)
"""


def test_given_two_services_when_one_opens_the_others_database_then_it_is_refused(postgres: Postgres) -> None:
    postgres.provision("alpha", "a")
    postgres.provision("beta", "b")

    psycopg.connect(postgres.url("alpha", "a", "alpha")).close()
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(postgres.url("alpha", "a", "beta"))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url("alpha", "b", "alpha"))

    postgres.drop("alpha")
    postgres.drop("beta")


def test_given_rows_when_killed_and_started_again_then_they_are_there(
    folder: Path, claimed_ports: ClaimedPorts
) -> None:
    server = Postgres(folder / "killed", claimed_ports.spare())
    server.start()
    url = server.provision("kept", "k")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")

    server.kill()
    server.launch()
    server.wait_ready()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT n FROM t").fetchone() == (1,)
    server.stop()


def test_given_a_running_server_when_another_takes_its_folder_then_it_is_refused(
    postgres: Postgres, claimed_ports: ClaimedPorts
) -> None:
    with pytest.raises(Trouble) as caught:
        Postgres(postgres.home, claimed_ports.spare()).prepare()

    assert caught.value.code == "folder-in-use"


def test_given_a_taken_port_when_started_then_the_reason_is_told(postgres: Postgres, folder: Path) -> None:
    second = Postgres(folder / "second", postgres.port)
    second.prepare()
    second.launch()

    with pytest.raises(Trouble, match=r"could not create any TCP/IP sockets|Address already in use") as caught:
        second.wait_ready()

    assert caught.value.code == "server-exited"
    second.stop()


def test_given_its_starter_is_killed_when_waited_then_the_server_has_stopped_too(
    folder: Path, claimed_ports: ClaimedPorts
) -> None:
    port = claimed_ports.spare()
    arguments = [sys.executable, "-c", _STARTER, str(folder / "orphan"), str(port)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()}) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"ready\n"
        starter.send_signal(signal.SIGKILL)

    for _ in range(600):
        if is_free(port):
            break
        time.sleep(0.1)
    assert is_free(port)
