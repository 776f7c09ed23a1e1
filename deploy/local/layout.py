"""Where this copy of the stack keeps what, and on which ports it listens."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import DEFAULT_BASE, Ports

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("intake", "complaints", "callbacks", "notify")

LONGEST_BASE = 32_600
"""Above it a block would reach into the range from which Linux hands out ports to clients."""


class BadSetting(ValueError):
    """A setting of the stack itself that means nothing. The text names it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One copy: its data folder and its block of ports."""

    data: Path
    ports: Ports

    @classmethod
    def from_environment(cls) -> Layout:
        """By FRONTDESK_DATA_DIR (default `.data` of the checkout) and FRONTDESK_PORT_BASE (default 18000)."""
        data = Path(os.environ.get("FRONTDESK_DATA_DIR") or ROOT / ".data").absolute()
        text = os.environ.get("FRONTDESK_PORT_BASE") or str(DEFAULT_BASE)
        if not text.isdecimal() or not 1024 <= int(text) <= LONGEST_BASE:
            raise BadSetting(f"FRONTDESK_PORT_BASE={text}")
        return cls(data, Ports(int(text)))

    @property
    def credentials(self) -> Path:
        """Passwords and secrets, mode 0600."""
        return self.data / "secrets.env"

    @property
    def staff_passwords(self) -> Path:
        """Passwords that an import of staff made, mode 0600."""
        return self.data / "staff-passwords.env"

    @property
    def state(self) -> Path:
        """What the running copy says of itself (see `running.py`)."""
        return self.data / "running.json"

    @property
    def run(self) -> Path:
        """Where processes tell their health."""
        return self.data / "run"

    @property
    def logs(self) -> Path:
        """Logs of our own processes; servers keep theirs in their own folders."""
        return self.data / "logs"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's folder."""
        return self.data / "postgres"

    @property
    def kafka(self) -> Path:
        """Kafka's folder."""
        return self.data / "kafka"

    @property
    def kafka_passwords(self) -> Path:
        """A file per login of our Kafka, where it asks for logins."""
        return self.kafka / "passwords"

    def api(self, service: str) -> str:
        """The address of a service's API."""
        return f"http://127.0.0.1:{self.ports.of(service)}"

    @property
    def inbox(self) -> str:
        """The address of the sandbox phone and mailbox."""
        return f"http://127.0.0.1:{self.ports.of('sandbox-inbox')}"

    def log_files(self) -> dict[str, Path]:
        """Every log that is there, by name."""
        found = {path.stem: path for path in sorted(self.logs.glob("*.log"))}
        servers = {"postgres": self.postgres / "postgres.log", "kafka": self.kafka / "kafka.log"}
        return found | {name: path for name, path in servers.items() if path.exists()}

    def own_files(self) -> list[Path]:
        """Everything that this copy keeps in its data folder. Kafka's jars stay: they are no data of anybody."""
        kept = {".lock", "jars"}
        return [path for path in self.data.iterdir() if path.name not in kept] if self.data.exists() else []
