"""Which processes a laptop runs, as data."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.local.layout import SERVICES


@dataclass(frozen=True, slots=True)
class Process:
    """Roles that share a process on a laptop; in production each role is a process of its own."""

    service: str
    roles: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in the supervisor's plan, and so of its log and health files."""
        return "-".join((self.service, *self.roles))


# An API apart from its events, so that neither waits for the other; the sender apart, because providers are slow.
PROCESSES = (
    *(Process(service, ("api",)) for service in SERVICES),
    *(Process(service, ("consumer", "relay", "clock")) for service in SERVICES),
    Process("notify", ("sender", "receiver")),
)
