"""One process of a service: what it tells, how it leaves, when it refuses to begin."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.ports import ClaimedPorts
from deploy.local.postgres import Postgres
from shared.runtime.state import read_state
from tests.store.runtime.conftest import Start, until


def output(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """The lines of a process that ends, as JSON."""
    text, _ = process.communicate(timeout=60)
    return [json.loads(line) for line in text.splitlines()]


def state_of(folder: Path, name: str) -> Any:
    """What the process `name` tells in its file; None while there is none."""
    found = read_state(folder / "run" / f"{name}.json")
    return found and found[0]


def is_ready(folder: Path, name: str) -> bool:
    state = state_of(folder, name)
    return state is not None and state.ready


def test_sigterm_lets_a_role_finish_and_leaves_with_0(start: Start, tmp_path: Path) -> None:
    process = start("worker")
    until(lambda: is_ready(tmp_path, "intake-worker"))

    process.send_signal(signal.SIGTERM)
    until(lambda: process.poll() is not None or not is_ready(tmp_path, "intake-worker"))

    lines = output(process)
    assert process.returncode == 0
    assert (tmp_path / "drained").exists()
    assert lines[-1]["message"] == "leaving"
    assert state_of(tmp_path, "intake-worker") is None


def test_while_it_drains_a_process_is_not_ready_whatever_its_roles_say(start: Start, tmp_path: Path) -> None:
    process = start("worker")
    until(lambda: is_ready(tmp_path, "intake-worker"))
    process.send_signal(signal.SIGTERM)

    seen = []
    while process.poll() is None:
        if (state := state_of(tmp_path, "intake-worker")) is not None and (not seen or seen[-1] != state.reasons):
            seen.append(state.reasons)

    assert seen in ([{}, {"worker": "draining"}], [{"worker": "draining"}], [{}], [])


def test_a_request_in_flight_is_answered_after_sigterm(
    start: Start, tmp_path: Path, claimed_ports: ClaimedPorts
) -> None:
    port = claimed_ports.spare()
    process = start("api", FRONTDESK_API_PORT=str(port))
    until(lambda: is_ready(tmp_path, "intake-api"))
    answers: list[httpx.Response] = []
    asking = threading.Thread(
        target=lambda: answers.append(httpx.get(f"http://127.0.0.1:{port}/slow", timeout=30)), daemon=True
    )
    asking.start()
    until(lambda: (tmp_path / "asked").exists())

    process.send_signal(signal.SIGTERM)
    asking.join(30)

    assert answers[0].json() == "finished"
    assert process.wait(30) == 0


def test_the_api_tells_of_all_roles_of_its_process(start: Start, claimed_ports: ClaimedPorts, tmp_path: Path) -> None:
    port = claimed_ports.spare()
    start("api", "stuck", FRONTDESK_API_PORT=str(port))
    until(lambda: is_ready(tmp_path, "intake-api-stuck"))

    assert httpx.get(f"http://127.0.0.1:{port}/readyz").json() == {"ready": True, "waiting": {}}
    until(lambda: httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 503)
    assert httpx.get(f"http://127.0.0.1:{port}/livez").json() == {"alive": False, "stuck": ["stuck"]}


def test_a_process_without_the_api_role_answers_on_its_health_port(
    start: Start, claimed_ports: ClaimedPorts, tmp_path: Path
) -> None:
    """Kubernetes asks over HTTP."""
    port = claimed_ports.spare()
    process = start("worker", FRONTDESK_HEALTH_PORT=str(port))
    until(lambda: is_ready(tmp_path, "intake-worker"))

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        except httpx.ConnectError:
            return False

    until(answers)
    assert httpx.get(f"http://127.0.0.1:{port}/livez").json() == {"alive": True, "stuck": []}
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("role", "said"), [("crasher", "role crashed"), ("quitter", "role ended although nobody asked it to")]
)
def test_a_role_that_ends_by_itself_ends_the_process_with_1_and_lets_the_others_drain(
    role: str, said: str, start: Start, tmp_path: Path
) -> None:
    process = start("worker", role)

    lines = output(process)

    assert process.returncode == 1
    assert (tmp_path / "drained").exists()
    assert said in [line["message"] for line in lines]
    assert "Zhang" not in json.dumps(lines)


@pytest.mark.parametrize("role", ["endless", "threaded"])
def test_a_role_that_does_not_drain_is_cut_off_and_named(role: str, start: Start, tmp_path: Path) -> None:
    process = start(role)
    until(lambda: is_ready(tmp_path, f"intake-{role}"))

    process.send_signal(signal.SIGTERM)

    lines = output(process)
    assert process.returncode == 1
    assert [line["role"] for line in lines if "did not finish" in line["message"]] == [role]


def test_a_process_whose_supervisor_is_gone_leaves(start: Start) -> None:
    """Else a killed supervisor would leave its processes behind, and their ports taken."""
    process = start("worker", FRONTDESK_SUPERVISOR="1")

    lines = output(process)

    assert process.returncode == 0
    assert "the supervisor is gone; leaving" in [line["message"] for line in lines]


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"FRONTDESK_LAPTOP": "false"}, "FRONTDESK_ADDRESS_SECRET still has its default; set a secret"),
        (
            {"FRONTDESK_LAPTOP": "false", "FRONTDESK_ADDRESS_SECRET": "s"},
            "FRONTDESK_SAMPLE_SECRET still has its default; set a secret",
        ),
        ({"FRONTDESK_PAUSE": "relay.after_send"}, "FRONTDESK_PAUSE is for tests only; unset it"),
        ({"FRONTDESK_API_PORT": "99999"}, "settings are wrong"),
        (
            {"FRONTDESK_SAMPLE_DATABASE_URL": "postgresql://intake:secret@127.0.0.1:9/intake"},
            "the database of intake at 127.0.0.1:9/intake does not answer",
        ),
    ],
    ids=["address-secret", "own-secret", "pause", "setting", "database-away"],
)
def test_what_is_not_right_is_told_in_one_sentence(env: dict[str, str], sentence: str, start: Start) -> None:
    process = start("worker", **env)

    (line,) = output(process)

    assert process.returncode == 78
    assert line["message"].startswith(sentence)
    assert "secret@" not in json.dumps(line)


def test_an_unmigrated_database_is_refused_and_the_reason_left_for_status(
    start: Start, postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.provision("unmigrated", "only-in-tests")

    process = start("worker", FRONTDESK_SAMPLE_DATABASE_URL=url)

    (line,) = output(process)
    assert process.returncode == 78
    assert line["message"] == "the database of intake is not migrated; run: frontdesk migrate intake"
    assert state_of(tmp_path, "intake-worker").reasons == {"process": line["message"]}


def test_an_unknown_role_is_named(start: Start) -> None:
    process = start("wroker")

    text, _ = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "intake has no role wroker; it has api, consumer, relay, clock, worker" in text


def test_a_taken_port_ends_the_process_with_1(start: Start, claimed_ports: ClaimedPorts, tmp_path: Path) -> None:
    port = str(claimed_ports.spare())
    start("api", FRONTDESK_API_PORT=port)
    until(lambda: is_ready(tmp_path, "intake-api"))

    second = start("api", FRONTDESK_API_PORT=port, FRONTDESK_PROCESS_NAME="second")

    lines = output(second)
    assert second.returncode == 1
    assert [line["error"]["code"] for line in lines if "error" in line] == ["EADDRINUSE"]
