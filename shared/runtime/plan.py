"""What a supervisor is to keep running: data, so that whoever knows the services says it (`deploy/local`)."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class ProcessPlan(BaseModel):
    """One process. `module` has a `service` in it, e.g. `services.intake.service`; `env` comes on top of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    module: str
    roles: tuple[str, ...]
    env: dict[str, str] = Field(default_factory=dict)
    label: str | None = None

    @property
    def name(self) -> str:
        """Unique in a plan; names its log and its state file. `label` tells two alike apart."""
        return self.label or "-".join((self.service, *self.roles))


class Plan(BaseModel):
    """All processes, and where they leave what they tell. Times are seconds, sizes bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    processes: tuple[ProcessPlan, ...]
    run_dir: Path
    log_dir: Path
    preload: tuple[str, ...] = ()
    """More modules to import before forking, so that all processes share their memory."""
    restart_after: tuple[float, ...] = (0.1, 1, 2, 5, 10)
    """Wait before the first, second, third … restart; the last for ever. The first is short: what was killed once is
    asked for at once, by callers and by its consumer group.
    """
    well_after: float = 10
    """A process that has lived this long begins again with the shortest wait."""
    stop_within: float = 15
    """From SIGTERM to SIGKILL: longer than a process may drain."""
    hung_after: float = 60
    """A process that has not told its state for this long is killed: its event loop no longer turns."""
    log_bytes: int = 10 * 1024 * 1024
    """A log beyond this size is moved to `<name>.log.1`, in place of the one before."""
