"""The laptop's Kafka with logins: one per service, random passwords, nothing allowed but what is granted.

Services log in with SCRAM-SHA-512, whose verifiers lie in the cluster's metadata. The node itself logs in at its own
controller with PLAIN from its configuration file: a controller cannot take SCRAM, because it would have to read the
metadata first. By that login the others are made, after each start: so it works on a folder that had no logins before,
and a changed password counts from the next start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shared.contracts.access import CHANNELS, CONTROL, principal_of
from shared.contracts.topics import SERVICES

if TYPE_CHECKING:
    from shared.messaging.kafka_access import KafkaAccess

NODE = "frontdesk-node"
LOGINS = (NODE, CONTROL, CHANNELS, *map(principal_of, SERVICES))
"""Every login of a laptop's broker."""

_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


def secret_name(login: str) -> str:
    """Its row in the secrets file."""
    return f"FRONTDESK_KAFKA_{login.removeprefix('frontdesk-').upper()}_PASSWORD"


def passwords_of(credentials: Mapping[str, str]) -> dict[str, str]:
    """Login → password."""
    return {login: credentials[secret_name(login)] for login in LOGINS}


def properties(passwords: Mapping[str, str]) -> dict[str, str]:
    """What a node with logins is configured with beside the rest. Holds the node's own password."""
    password = passwords[NODE]
    node = f'{_PLAIN} username="{NODE}" password="{password}" user_{NODE}="{password}";'
    return {
        "listener.security.protocol.map": "SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "SASL_PLAINTEXT",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": node,
        "listener.name.sasl_plaintext.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": node,
        "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": _SCRAM,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{NODE};User:{CONTROL}",
    }


def access_of(bootstrap: str, login: str, password: str | None) -> KafkaAccess:
    """How `login` reaches the node; without a password, how anybody reaches one without logins."""
    from pydantic import SecretStr  # loads slowly: the servers start meanwhile

    from shared.messaging.kafka_access import KafkaAccess

    if password is None:
        return KafkaAccess(bootstrap)
    mechanism = "PLAIN" if login == NODE else "SCRAM-SHA-512"
    return KafkaAccess(bootstrap, "SASL_PLAINTEXT", mechanism, login, SecretStr(password))


def write_passwords(folder: Path, passwords: Mapping[str, str]) -> None:
    """A file per login, for FRONTDESK_KAFKA_PASSWORD_FOLDER; only its owner may look into the folder."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for login, password in passwords.items():
        if login != NODE:
            write_secret(folder / login, password)


def write_secret(path: Path, content: str) -> None:
    """Whole or not at all, and never readable for others, not even for a moment."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    os.replace(part, path)
