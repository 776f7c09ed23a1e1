"""What runs on this data folder and how it does: processes, memory, lag, outboxes, held events."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from deploy.local import environment, running, stores
from deploy.local.console import tell, tell_table, text
from deploy.local.layout import SERVICES, Layout
from deploy.local.trouble import Trouble
from shared.messaging import control
from shared.messaging.held_admin import Standing, standing
from shared.runtime.status import SupervisorStatus
from shared.runtime.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Store:
    """One service's events: not yet read, not yet published, held. None where the question got no answer."""

    service: str
    lag: int | None
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Status:
    """The whole stack at one instant."""

    start_seconds: float | None
    supervisor: SupervisorStatus | None
    stores: list[Store]

    @property
    def ready(self) -> bool:
        """Whether `up` has finished and every process can work now."""
        return self.start_seconds is not None and self.supervisor is not None and self.supervisor.ready

    def as_json(self) -> dict[str, Any]:
        """Sizes in bytes, times in seconds."""
        processes = self.supervisor.processes if self.supervisor is not None else ()
        return {
            "ready": self.ready,
            "start_seconds": self.start_seconds,
            "pss_bytes": 0 if self.supervisor is None else self.supervisor.pss_bytes,
            "processes": [
                {
                    "service": process.service,
                    "roles": list(process.roles),
                    "pid": process.pid,
                    "ready": process.ready,
                    "pss_bytes": process.pss_bytes,
                    "reasons": process.reasons,
                    "restarts": process.restarts,
                }
                for process in processes
            ],
            "stores": [
                {"service": store.service, "lag": store.lag, **(asdict(store.standing) if store.standing else {})}
                for store in self.stores
            ],
        }


def look(layout: Layout) -> Status:
    """Asks everybody. Raises Trouble(`not-running`) where nothing runs on the data folder."""
    state = running.read(layout)
    if state is None:
        raise Trouble("not-running", folder=layout.data)
    lags = _lags(layout)
    found = [
        Store(service, None if lags is None else lags.get(service, 0), _standing(layout, service))
        for service in SERVICES
    ]
    return Status(state.get("start_seconds"), Supervisor(layout.run).status(), found)


def show(found: Status) -> None:
    """As tables."""
    supervisor = found.supervisor
    if supervisor is not None:
        rows = [
            (
                process.service,
                " ".join(process.roles),
                process.pid,
                process.ready,
                f"{process.pss_bytes / 1e6:.0f} MB",
                "; ".join(f"{role}: {reason}" for role, reason in process.reasons.items()),
            )
            for process in supervisor.processes
        ]
        heads = ("head-service", "head-roles", "head-pid", "head-ready", "head-memory", "head-reason")
        tell_table(heads, rows, title="title-processes")
    tell_table(
        ("head-service", "head-lag", "head-unpublished", "head-held", "head-brake"),
        [
            (
                store.service,
                store.lag,
                _age(store.standing),
                store.standing and store.standing.held,
                store.standing and (", ".join(store.standing.braked) or None),
            )
            for store in found.stores
        ],
        title="title-stores",
    )
    if found.ready and supervisor is not None:
        megabytes = supervisor.pss_bytes / 1e6
        tell("all-ready", seconds=found.start_seconds, processes=len(supervisor.processes) + 1, megabytes=megabytes)


def _age(found: Standing | None) -> str | None:
    return None if found is None or found.oldest is None else text("seconds-ago", seconds=found.oldest)


def _lags(layout: Layout) -> dict[str, int] | None:
    groups = {f"frontdesk-{service}": service for service in SERVICES}
    try:
        found = control.lags(environment.kafka_access(layout), groups)
    except control.Unreachable:
        return None
    lags: dict[str, int] = {}
    for lag in found:
        lags[groups[lag.group]] = lags.get(groups[lag.group], 0) + lag.records
    return lags


def _standing(layout: Layout, service: str) -> Standing | None:
    try:
        return stores.ask(layout, service, standing)
    except Trouble:
        return None
