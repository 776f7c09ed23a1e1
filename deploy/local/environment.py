"""What our services are told: everything by environment, and what the person has set wins."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deploy.local import credentials, kafka_logins, running
from deploy.local.layout import SERVICES, Layout
from deploy.local.trouble import Trouble
from shared.contracts.access import CONTROL

if TYPE_CHECKING:
    from shared.messaging.kafka_access import KafkaAccess

NUMBERS = ("+861069000001", "+861069000002", "+861069000003")
"""The numbers that the sandbox's phone network lets us send from."""

SHORTENED = {
    "FRONTDESK_CALLBACKS_COMPLAINT_DELAY": "PT2S",
    "FRONTDESK_CALLBACKS_VISIT_DELAY": "PT1S",
    "FRONTDESK_INTAKE_VISIT_HOME_AFTER": "PT2S",
    "FRONTDESK_INTAKE_VISIT_REMINDER_BEFORE": "PT25S",
}
"""Policies of a laptop: a whole journey in two minutes instead of days. Whoever sets one of these wins."""


_OF_SERVERS = ("FRONTDESK_POSTGRES_", "FRONTDESK_KAFKA_")
"""Secrets that our processes are not told by environment: they are in a URL, or in a file of their own."""

_YES, _NO = frozenset({"true", "1"}), frozenset({"false", "0"})


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


def database_url(layout: Layout, known: Mapping[str, str], service: str) -> str:
    """Where `service` keeps its rows."""
    given = database_elsewhere(service)
    if given is not None:
        return given  # whoever runs nothing here has no passwords here either
    password = known[f"FRONTDESK_POSTGRES_{service.upper()}_PASSWORD"]
    return f"postgresql://{service}:{password}@127.0.0.1:{layout.ports.of('postgres')}/{service}"


def kafka_bootstrap(layout: Layout) -> str:
    """Where events travel."""
    return kafka_elsewhere() or f"127.0.0.1:{layout.ports.of('kafka')}"


def kafka_secured(layout: Layout) -> bool:
    """Whether our own Kafka asks for logins: as FRONTDESK_KAFKA_SECURED says, else as the running copy was started."""
    if kafka_elsewhere() is not None:
        return False
    told = elsewhere("FRONTDESK_KAFKA_SECURED")
    if told is None:
        return bool((running.read(layout) or {}).get("kafka_secured"))
    if told.lower() not in _YES | _NO:
        raise Trouble("bad-switch", setting=f"FRONTDESK_KAFKA_SECURED={told}")
    return told.lower() in _YES


def kafka_access(layout: Layout, login: str = CONTROL) -> KafkaAccess:
    """How `login` reaches Kafka; elsewhere by the settings. Raises Trouble(`kafka-settings`) where they do not do."""
    if kafka_elsewhere() is None:
        known = credentials.read(layout.credentials) if kafka_secured(layout) else {}
        return kafka_logins.access_of(kafka_bootstrap(layout), login, known.get(kafka_logins.secret_name(login)))
    from shared.messaging.kafka_access import KafkaAccess, WrongAccess
    from shared.runtime.settings import CommonSettings

    try:
        return KafkaAccess.of(CommonSettings(), login)
    except WrongAccess as wrong:
        raise Trouble("kafka-settings", reason=wrong) from wrong


@contextmanager
def kafka_asked(access: KafkaAccess) -> Iterator[None]:
    """Whatever keeps Kafka from answering what is asked within becomes Trouble."""
    from shared.messaging import control

    try:
        yield
    except control.LoginRefused as refused:
        raise Trouble("kafka-login", bootstrap=access.bootstrap, login=refused) from refused
    except control.NotGuarded as error:
        raise Trouble("kafka-not-guarded", bootstrap=access.bootstrap) from error
    except control.NotAllowed as error:
        raise Trouble("kafka-not-allowed", bootstrap=access.bootstrap, login=access.username or "?") from error
    except control.Unreachable as error:
        raise Trouble("kafka-silent", bootstrap=access.bootstrap, reason=error) from error


def service_environment(layout: Layout, known: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of our processes."""
    ports = layout.ports
    logins = {
        "FRONTDESK_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "FRONTDESK_KAFKA_PASSWORD_FOLDER": str(layout.kafka_passwords),
    }
    ours = {
        "FRONTDESK_LAPTOP": "true",
        "FRONTDESK_DATA_DIR": str(layout.data),
        "FRONTDESK_RUN_DIR": str(layout.run),
        "FRONTDESK_PORT_BASE": str(ports.base),
        "FRONTDESK_KAFKA_BOOTSTRAP": kafka_bootstrap(layout),
        "FRONTDESK_NOTIFY_SMTP_PORT": str(ports.of("sandbox-smtp")),
        "FRONTDESK_NOTIFY_SMPP_PORT": str(ports.of("sandbox-smsc")),
        "FRONTDESK_NOTIFY_RECEIVER_PORT": str(ports.of("receiver-smtp")),
        "FRONTDESK_NOTIFY_PUBLIC_URL": f"http://127.0.0.1:{ports.of('intake')}",
        "FRONTDESK_NOTIFY_NUMBERS": json.dumps(NUMBERS),
        "FRONTDESK_SANDBOX_NUMBERS": ",".join(NUMBERS),
        **SHORTENED,
        **(logins if kafka_secured(layout) else {}),
        "FRONTDESK_NOTIFY_SMPP_PASSWORD": known["FRONTDESK_SANDBOX_PASSWORD"],
        **{name: value for name, value in known.items() if not name.startswith(_OF_SERVERS)},
        **{f"FRONTDESK_{service.upper()}_DATABASE_URL": database_url(layout, known, service) for service in SERVICES},
    }
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**ours, **{name: value for name, value in inherited.items() if value or name not in ours}}
