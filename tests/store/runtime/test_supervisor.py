"""The supervisor and real children: forked, restarted with growing waits, drained, shown."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from shared.runtime.plan import Plan, ProcessPlan
from shared.runtime.status import ProcessStatus
from shared.runtime.supervisor import Supervisor, SupervisorTrouble
from tests.store.runtime.conftest import until
from tests.support.scripts import ROOT

Supervise = Callable[..., Supervisor]


@pytest.fixture
def supervise(sample_env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervise]:
    """`supervise("worker", "crasher")`: a supervisor with one process per role; more words go to the plan."""
    for name, value in {**sample_env, "PYTHONPATH": str(ROOT)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    supervisor = Supervisor(tmp_path / "run")

    def begin(*roles: str, **settings: object) -> Supervisor:
        processes = tuple(
            ProcessPlan(service="intake", module="tests.support.sample_service", roles=(role,), label=f"{role}{number}")
            for number, role in enumerate(roles)
        )
        plan = Plan.model_validate(
            {"processes": processes, "run_dir": tmp_path / "run", "log_dir": tmp_path / "logs", **settings}
        )
        supervisor.start(plan)
        return supervisor

    yield begin
    supervisor.stop(60)


def process(supervisor: Supervisor, number: int = 0) -> ProcessStatus:
    status = supervisor.status()
    assert status is not None
    return status.processes[number]


def all_ready(supervisor: Supervisor) -> bool:
    status = supervisor.status()
    return status is not None and status.ready


def waits(folder: Path) -> list[float]:
    """The seconds before each restart, from the supervisor's log."""
    return [float(wait) for wait in re.findall(r'"restart_in":([\d.]+)', (folder / "logs/supervisor.log").read_text())]


def test_processes_are_forked_and_become_ready_and_share_memory(supervise: Supervise) -> None:
    supervisor = supervise("worker", "worker", "worker")

    until(lambda: all_ready(supervisor))

    status = supervisor.status()
    assert status is not None
    assert {psutil.Process(each.pid).ppid() for each in status.processes} == {status.pid}
    assert all(0 < each.pss_bytes < psutil.Process(each.pid).memory_info().rss for each in status.processes)
    assert status.pss_bytes > sum(each.pss_bytes for each in status.processes)


def test_forked_twins_make_different_ids(supervise: Supervise, tmp_path: Path) -> None:
    """A fork copies a generator's state. `random` and `uuid_utils` reseed themselves in the child; if a release of
    theirs no longer does, twins draw the same UUIDs and span ids.
    """
    supervisor = supervise(*["worker"] * 5)
    until(lambda: all_ready(supervisor))

    ids = (tmp_path / "ids").read_text().split()

    assert len(ids) == len(set(ids)) == 10


def test_a_killed_process_is_restarted(supervise: Supervise) -> None:
    supervisor = supervise("worker", restart_after=(0.1,))
    until(lambda: all_ready(supervisor))
    first = process(supervisor).pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    until(lambda: process(supervisor).pid != first and all_ready(supervisor))

    assert process(supervisor).restarts == 1
    assert process(supervisor).last_exit == -signal.SIGKILL
    assert not process(supervisor).crash_loop


def test_a_process_that_dies_again_and_again_waits_longer_and_is_shown_as_a_crash_loop(
    supervise: Supervise, tmp_path: Path
) -> None:
    supervisor = supervise("crasher", restart_after=(0.2, 0.4, 0.8))

    until(lambda: len(waits(tmp_path)) >= 4)

    for wait, planned in zip(waits(tmp_path), (0.2, 0.4, 0.8, 0.8), strict=False):
        assert planned * 0.8 - 0.05 <= wait <= planned * 1.2 + 0.05
    assert process(supervisor).crash_loop
    assert process(supervisor).last_exit == 1
    assert not all_ready(supervisor)


def test_a_process_that_lived_well_begins_again_with_the_shortest_wait(supervise: Supervise, tmp_path: Path) -> None:
    supervise("crasher", restart_after=(0.1, 5), well_after=0)

    until(lambda: len(waits(tmp_path)) >= 3)

    assert max(waits(tmp_path)[:3]) < 1


def test_stopping_lets_every_process_drain(supervise: Supervise, tmp_path: Path) -> None:
    supervisor = supervise("worker")
    until(lambda: all_ready(supervisor))
    pids = [process(supervisor).pid, supervisor.pid]

    supervisor.stop()

    assert (tmp_path / "drained").exists()
    assert '"code":0' in (tmp_path / "logs/worker0.log").read_text()
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)
    assert supervisor.status() is None


def test_a_process_that_does_not_stop_is_killed(supervise: Supervise, tmp_path: Path) -> None:
    supervisor = supervise("endless", stop_within=0.5)
    until(lambda: all_ready(supervisor))
    pid = process(supervisor).pid

    supervisor.stop()

    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert "did not stop in time" in (tmp_path / "logs/supervisor.log").read_text()


def test_a_process_whose_event_loop_stands_still_is_killed_and_restarted(supervise: Supervise) -> None:
    """Liveness is progress: a process that is there but does not turn is not alive."""
    supervisor = supervise("blocker", hung_after=5, restart_after=(0.1,))

    until(lambda: process(supervisor).restarts == 1 and all_ready(supervisor))

    assert process(supervisor).last_exit == -signal.SIGKILL


def test_a_process_that_says_it_is_not_alive_is_killed(supervise: Supervise) -> None:
    supervisor = supervise("stuck", restart_after=(60,))

    until(lambda: process(supervisor).last_exit == -signal.SIGKILL)


def test_a_log_stays_within_its_bound(supervise: Supervise, tmp_path: Path) -> None:
    supervise("talker", log_bytes=50_000)
    log = tmp_path / "logs/talker0.log"

    until(lambda: log.with_suffix(".log.1").exists())
    until(lambda: log.stat().st_size < 50_000)

    # The process goes on writing at the end of what is left, not at its former place in the file.
    until(lambda: log.stat().st_size > 0)
    assert b"\0" not in log.read_bytes()


def test_when_the_supervisor_is_killed_its_processes_leave(supervise: Supervise) -> None:
    supervisor = supervise("worker")
    until(lambda: all_ready(supervisor))
    child, own = process(supervisor).pid, supervisor.pid
    assert own is not None
    assert child is not None

    os.kill(own, signal.SIGKILL)

    until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
    assert supervisor.pid is None
    assert supervisor.status() is None


def test_a_second_supervisor_is_refused(supervise: Supervise) -> None:
    supervise("worker")

    with pytest.raises(SupervisorTrouble, match="another copy is running"):
        supervise("worker")


def test_a_module_that_is_missing_is_told(supervise: Supervise, tmp_path: Path) -> None:
    plan = Plan(
        processes=(ProcessPlan(service="intake", module="services.nowhere", roles=("api",)),),
        run_dir=tmp_path / "run",
        log_dir=tmp_path / "logs",
    )

    with pytest.raises(SupervisorTrouble, match=r"ended with code 1; see .*supervisor.log"):
        Supervisor(plan.run_dir).start(plan)

    assert "services.nowhere" in (tmp_path / "logs/supervisor.log").read_text()
