"""What a person can mend is said in one sentence, with an exit code, and leaves nothing broken."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import preflight
from deploy.local.console import plain_failures, speak
from deploy.local.layout import BadSetting, Layout
from deploy.local.ports import ClaimedPorts, claim_ports
from deploy.local.running import Running, is_running
from deploy.local.running import read as read_running
from deploy.local.setting_list import setting_rows
from deploy.local.trouble import Trouble


@pytest.fixture
def claimed() -> Iterator[ClaimedPorts]:
    block = claim_ports()
    yield block
    block.release()


@pytest.fixture
def layout(tmp_path: Path, claimed: ClaimedPorts) -> Layout:
    return Layout(tmp_path / "data", claimed.ports)


@contextmanager
def powerless(folder: Path) -> Iterator[None]:
    """Within, `folder` cannot be written: its mode says so, and root becomes somebody else."""
    folder.chmod(0o555)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(me)
        folder.chmod(0o755)


def frontdesk(layout: Layout, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "FRONTDESK_DATA_DIR": str(layout.data),
        "FRONTDESK_PORT_BASE": str(layout.ports.base),
        "LANG": "C",
    }
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("language", "says"), [("en", "stop that program"), ("zh-CN", "请停止该程序")])
def test_given_a_taken_port_when_up_then_one_sentence_and_nothing_started(
    layout: Layout, language: str, says: str
) -> None:
    port = layout.ports.of("kafka")
    with socket.create_server(("127.0.0.1", port)):
        ended = frontdesk(layout, "--lang", language, "up")

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert str(port) in ended.stderr
    assert says in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert [path.name for path in layout.data.iterdir()] == [".lock"]


def test_given_another_copy_when_up_then_its_pid_is_named_and_it_is_left_alone(layout: Layout) -> None:
    other = Running(layout)
    other.claim()

    ended = frontdesk(layout, "up")

    assert ended.returncode == 1
    assert str(os.getpid()) in ended.stderr
    assert read_running(layout) == {"pid": os.getpid(), "ready": False}
    other.release()
    assert not is_running(layout)


def test_given_nothing_runs_when_down_then_all_is_well_and_when_asked_then_it_is_said(layout: Layout) -> None:
    assert frontdesk(layout, "down").returncode == 0

    status = frontdesk(layout, "status")

    assert status.returncode == 1
    assert "make up" in status.stderr


def test_given_no_permission_when_claimed_then_the_folder_is_named(tmp_path: Path, claimed: ClaimedPorts) -> None:
    with powerless(tmp_path), pytest.raises(Trouble) as caught:
        Running(Layout(tmp_path / "data", claimed.ports)).claim()

    assert caught.value.code == "no-permission"


def test_given_a_file_in_the_folders_place_when_claimed_then_it_is_said(tmp_path: Path, claimed: ClaimedPorts) -> None:
    (tmp_path / "data").write_text("")

    with pytest.raises(Trouble) as caught:
        Running(Layout(tmp_path / "data", claimed.ports)).claim()

    assert caught.value.code == "not-a-folder"


def test_given_too_small_a_disk_when_looked_at_then_what_is_free_and_needed_is_told(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "NEEDED_DISK_MB", 2**50)

    troubles = [each.trouble for each in preflight.findings(layout, ports_must_be_free=True) if each.trouble]

    assert [trouble.code for trouble in troubles] == ["disk-full"]
    assert not layout.data.exists()


def test_given_a_disk_that_fills_up_meanwhile_when_writing_then_one_sentence(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    speak("en")

    with pytest.raises(SystemExit) as ended, plain_failures(layout), open("/dev/full", "w") as full:
        full.write("x")
        full.flush()

    assert ended.value.code == 1
    assert "free some space" in capsys.readouterr().err


@pytest.mark.parametrize("base", ["none", "80", "50000", "-1"])
def test_given_a_port_base_that_means_nothing_when_read_then_it_is_refused(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_PORT_BASE", base)

    with pytest.raises(BadSetting, match=base):
        Layout.from_environment()


def test_given_real_things_elsewhere_when_looked_at_then_our_ports_for_them_are_not_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FRONTDESK_KAFKA_BOOTSTRAP", "broker.example:9092")
    for service in ("INTAKE", "COMPLAINTS", "CALLBACKS", "NOTIFY"):
        monkeypatch.setenv(f"FRONTDESK_{service}_DATABASE_URL", "postgresql://db.example/x")

    assert not {"kafka", "kafka-controller", "postgres"} & set(preflight.needed_ports())


def test_when_settings_are_listed_then_each_has_a_meaning_and_no_secret_shows(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_NOTIFY_SECRET", "do-not-show")
    monkeypatch.setenv("FRONTDESK_INTAKE_DATABASE_URL", "postgresql://intake:do-not-show@db.example/intake")

    rows = {row.name: row for row in setting_rows(layout)}

    assert rows["FRONTDESK_NOTIFY_SMTP_PORT"].value == str(layout.ports.of("sandbox-smtp"))
    assert all(row.description for row in rows.values())
    assert not [row for row in rows.values() if "do-not-show" in str(row) or "laptop-only" in str(row)]
