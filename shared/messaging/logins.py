"""Logins that the cluster itself keeps (SCRAM; control plane): made and changed, never read."""

from __future__ import annotations

from collections.abc import Mapping

from kafka.admin import UserScramCredentialUpsertion
from kafka.errors import KafkaError

from shared.messaging.control import asking
from shared.messaging.kafka_access import Broker


def set_logins(broker: Broker, passwords: Mapping[str, str]) -> None:
    """Login → password, for SCRAM-SHA-512; a login that is there gets the new password. Raises control.Unreachable."""
    made = [UserScramCredentialUpsertion(login, "SCRAM-SHA-512", password) for login, password in passwords.items()]
    with asking(broker) as client:
        for login, refused in client.alter_user_scram_credentials(made).items():
            if refused is not None:
                raise KafkaError(f"{login}: {refused}")
