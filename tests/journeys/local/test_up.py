"""`frontdesk up` as a person runs it: all ready, told truly, one at a time, stopped cleanly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.local.layout import SERVICES, Layout
from deploy.local.ports import OFFSETS, claim_ports, is_free
from deploy.local.running import read

_READY_SECONDS = 240


class Copy:
    """A running `frontdesk up`."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "FRONTDESK_DATA_DIR": str(layout.data),
            "FRONTDESK_PORT_BASE": str(layout.ports.base),
            "LANG": "C",
            "CI": "true",
        }
        self.process = subprocess.Popen([*_COMMAND, "up", "--no-demo"], env=self.environment)

    def wait_ready(self) -> None:
        for _ in range(_READY_SECONDS * 5):
            assert self.process.poll() is None, "`frontdesk up` has ended"
            if (read(self.layout) or {}).get("ready"):
                return
            time.sleep(0.2)
        raise AssertionError(f"not ready after {_READY_SECONDS} s")

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*_COMMAND, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ask(*arguments, "--json").stdout)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)


_COMMAND = (sys.executable, "-m", "deploy.local")


@pytest.fixture(scope="module")
def copy(folder: Path) -> Iterator[Copy]:
    claimed = claim_ports()
    started = Copy(Layout(folder / "up", claimed.ports))
    try:
        started.wait_ready()
        yield started
    finally:
        started.stop()
        claimed.release()


def test_when_up_then_every_process_is_ready_and_every_service_answers(copy: Copy) -> None:
    status = copy.json("status")

    assert status["ready"]
    assert status["start_seconds"] > 0
    assert {process["service"] for process in status["processes"]} == set(SERVICES)
    assert all(process["ready"] and process["pss_bytes"] > 0 for process in status["processes"])
    assert status["pss_bytes"] >= sum(process["pss_bytes"] for process in status["processes"])
    for service in SERVICES:
        assert httpx.get(f"{copy.layout.api(service)}/readyz").status_code == 200


def test_when_up_then_topics_are_there_and_nobody_lags(copy: Copy) -> None:
    assert {"tickets", "visits", "channel-messages"} <= {topic["name"] for topic in copy.json("topics")}
    assert all(row["records"] == 0 for row in copy.json("lag"))
    assert copy.json("held", "list") == []
    assert copy.json("inbox") == []


def test_given_a_running_copy_when_up_again_then_it_is_refused_and_the_first_goes_on(copy: Copy) -> None:
    second = copy.ask("up")

    assert second.returncode == 1
    assert str(copy.process.pid) in second.stderr
    assert copy.json("status")["ready"]


def test_given_a_killed_role_when_waited_then_it_is_back(copy: Copy) -> None:
    before = next(each for each in copy.json("status")["processes"] if "sender" in each["roles"])

    os.kill(before["pid"], signal.SIGKILL)

    for _ in range(300):
        after = next(each for each in copy.json("status")["processes"] if "sender" in each["roles"])
        if after["ready"] and after["pid"] != before["pid"]:
            break
    assert after["ready"]
    assert after["pid"] != before["pid"]
    assert after["restarts"] == 1


def test_given_a_staff_file_when_imported_then_a_token_can_be_had(copy: Copy, tmp_path: Path) -> None:
    departments, staff = tmp_path / "departments.csv", tmp_path / "staff.csv"
    departments.write_text("code,name\nservice,Service\n")
    staff.write_text("email,name,department,roles\na@staff.example,A,service,supervisor\n")

    imported = copy.json("staff", "import", str(staff), "--departments", str(departments), "--yes")
    token = copy.ask("token", "a@staff.example")
    unknown = copy.ask("token", "nobody@staff.example")

    assert (imported["departments"], imported["staff"], imported["new_accounts"]) == (1, 1, 1)
    assert token.stdout.count(".") == 2
    assert unknown.returncode == 1
    assert copy.layout.staff_passwords.stat().st_mode & 0o777 == 0o600


def test_given_a_channel_when_a_complaint_is_sent_then_the_phone_receives_the_acknowledgement(copy: Copy) -> None:
    key = copy.ask("channel", "add", "web-form").stdout.strip()
    sent = httpx.post(
        f"{copy.layout.api('intake')}/channel-messages",
        headers={"Authorization": f"Bearer {key}"},
        json={"purpose": "complaint", "sender": {"phone": "+8613912345678"}, "text": "It leaks.", "language": "en"},
    )
    assert sent.status_code == 202

    messages: list[Any] = []
    for _ in range(100):
        messages = copy.json("inbox", "--to", "+8613912345678")
        if messages:
            break
    assert [message["channel"] for message in messages] == ["sms"]


def test_when_stopped_then_nothing_of_it_is_left_running_and_data_survive(copy: Copy) -> None:
    """Last in this file: it ends the copy."""
    children = psutil.Process(copy.process.pid).children(recursive=True)

    down = copy.ask("down")

    assert down.returncode == 0
    assert copy.process.wait(30) == 0
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    assert all(is_free(copy.layout.ports.base + offset) for offset in OFFSETS.values())
    assert (copy.layout.postgres / "data" / "PG_VERSION").exists()
