"""What our services are told: everything by environment, and what the person has set wins."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from deploy.local.layout import SERVICES, Layout

NUMBERS = ("+861069000001", "+861069000002", "+861069000003")
"""The numbers that the sandbox's phone network lets us send from."""

SHORTENED = {
    "FRONTDESK_CALLBACKS_COMPLAINT_DELAY": "PT2S",
    "FRONTDESK_CALLBACKS_VISIT_DELAY": "PT1S",
    "FRONTDESK_INTAKE_VISIT_HOME_AFTER": "PT2S",
    "FRONTDESK_INTAKE_VISIT_REMINDER_BEFORE": "PT25S",
}
"""Policies of a laptop: a whole journey in two minutes instead of days. Whoever sets one of these wins."""


def elsewhere(name: str) -> str | None:
    """The value of a setting that points to a real thing elsewhere, None where ours is to be used."""
    return os.environ.get(name) or None


def kafka_elsewhere() -> str | None:
    """Bootstrap addresses of somebody else's Kafka."""
    return elsewhere("FRONTDESK_KAFKA_BOOTSTRAP")


def database_elsewhere(service: str) -> str | None:
    """The URL of a service's database on somebody else's PostgreSQL."""
    return elsewhere(f"FRONTDESK_{service.upper()}_DATABASE_URL")


def postgres_needed() -> bool:
    """Whether some service's database is ours to run."""
    return any(database_elsewhere(service) is None for service in SERVICES)


def database_url(layout: Layout, credentials: Mapping[str, str], service: str) -> str:
    """Where `service` keeps its rows."""
    given = database_elsewhere(service)
    if given is not None:
        return given  # whoever runs nothing here has no passwords here either
    password = credentials[f"FRONTDESK_POSTGRES_{service.upper()}_PASSWORD"]
    return f"postgresql://{service}:{password}@127.0.0.1:{layout.ports.of('postgres')}/{service}"


def kafka_bootstrap(layout: Layout) -> str:
    """Where events travel."""
    return kafka_elsewhere() or f"127.0.0.1:{layout.ports.of('kafka')}"


def service_environment(layout: Layout, credentials: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of our processes."""
    ports = layout.ports
    ours = {
        "FRONTDESK_LAPTOP": "true",
        "FRONTDESK_DATA_DIR": str(layout.data),
        "FRONTDESK_RUN_DIR": str(layout.run),
        "FRONTDESK_PORT_BASE": str(ports.base),
        "FRONTDESK_KAFKA_BOOTSTRAP": kafka_bootstrap(layout),
        "FRONTDESK_NOTIFY_SMTP_PORT": str(ports.of("sandbox-smtp")),
        "FRONTDESK_NOTIFY_SMPP_PORT": str(ports.of("sandbox-smsc")),
        "FRONTDESK_NOTIFY_RECEIVER_PORT": str(ports.of("receiver-smtp")),
        "FRONTDESK_NOTIFY_NUMBERS": json.dumps(NUMBERS),
        "FRONTDESK_SANDBOX_NUMBERS": ",".join(NUMBERS),
        **SHORTENED,
        "FRONTDESK_NOTIFY_SMPP_PASSWORD": credentials["FRONTDESK_SANDBOX_PASSWORD"],
        **{name: value for name, value in credentials.items() if not name.startswith("FRONTDESK_POSTGRES_")},
        **{
            f"FRONTDESK_{service.upper()}_DATABASE_URL": database_url(layout, credentials, service)
            for service in SERVICES
        },
    }
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**ours, **{name: value for name, value in inherited.items() if value or name not in ours}}
