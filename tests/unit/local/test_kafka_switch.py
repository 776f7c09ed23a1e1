"""Whether the laptop's Kafka asks for logins, and what our processes are told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import credentials, environment
from deploy.local.kafka import Kafka
from deploy.local.kafka_logins import LOGINS, passwords_of
from deploy.local.layout import Layout
from deploy.local.ports import Ports
from deploy.local.running import Running
from deploy.local.trouble import Trouble


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    for name in ("FRONTDESK_KAFKA_SECURED", "FRONTDESK_KAFKA_BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)
    return Layout(tmp_path, Ports())


def test_given_nothing_when_started_then_nobody_has_to_log_in(layout: Layout) -> None:
    known = credentials.load(layout.credentials)

    assert not environment.kafka_secured(layout)
    assert environment.kafka_access(layout).password is None
    assert not [name for name in environment.service_environment(layout, known) if "KAFKA_SECURITY" in name]


def test_given_the_switch_when_started_then_processes_know_a_folder_and_no_password(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_KAFKA_SECURED", "true")
    known = credentials.load(layout.credentials)

    told = environment.service_environment(layout, known)

    assert told["FRONTDESK_KAFKA_SECURITY_PROTOCOL"] == "SASL_PLAINTEXT"
    assert told["FRONTDESK_KAFKA_PASSWORD_FOLDER"] == str(layout.kafka_passwords)
    assert not set(told.values()) & set(passwords_of(known).values())
    assert known["FRONTDESK_KAFKA_CONTROL_PASSWORD"] not in repr(environment.kafka_access(layout))


def test_given_a_copy_that_runs_with_logins_when_a_command_comes_without_the_switch_then_it_logs_in_too(
    layout: Layout,
) -> None:
    credentials.load(layout.credentials)
    running = Running(layout)
    running.claim()
    running.tell(kafka_secured=True)

    assert environment.kafka_access(layout).username == "frontdesk-control"
    running.release()


def test_given_another_word_than_true_or_false_then_it_is_said(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_KAFKA_SECURED", "maybe")

    with pytest.raises(Trouble, match="set it to true or false"):
        environment.kafka_secured(layout)


def test_given_logins_when_written_then_only_their_owner_reads_them(tmp_path: Path) -> None:
    node = Kafka(tmp_path, 1, 2, logins={login: f"secret-{login}" for login in LOGINS})

    node.configure()

    written = [node.passwords, *node.passwords.iterdir(), tmp_path / "server.properties"]
    assert [path.name for path in written if path.stat().st_mode & 0o077] == []
    assert {path.name for path in node.passwords.iterdir()} == set(LOGINS) - {"frontdesk-node"}
