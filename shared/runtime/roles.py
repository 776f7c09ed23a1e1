"""Which roles a service can run, and what runs each; loaded when asked for: an api process needs no Kafka client."""

from __future__ import annotations

from collections.abc import Sequence

from shared.runtime.service import RunRole, Service

DRAIN_SECONDS = 10
"""How long a stopping role may take for what is in flight."""

CORE_ROLES = ("api", "consumer", "relay", "clock")
KAFKA_ROLES = frozenset({"consumer", "relay"})
"""Roles that cannot begin without topics."""

_CONNECTIONS = {"api": 15, "consumer": 9, "relay": 4, "clock": 4}
_CONNECTIONS_OF_OTHERS = 6


def roles_of(service: Service) -> tuple[str, ...]:
    """Every role that `service` has."""
    return (*CORE_ROLES, *service.roles)


def pool_size(roles: Sequence[str]) -> int:
    """How many database connections a process with these roles opens at most; what was opened is kept."""
    return sum(_CONNECTIONS.get(role, _CONNECTIONS_OF_OTHERS) for role in roles)


def runner(service: Service, role: str) -> RunRole:
    """What runs `role`, other than `api`."""
    if role == "consumer":
        from shared.messaging import consumer

        return consumer.run
    if role == "relay":
        from shared.messaging import relay

        return relay.run
    if role == "clock":
        from shared.messaging import clock_role

        return clock_role.run
    return service.roles[role]
