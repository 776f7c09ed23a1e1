"""What must hold before a process begins, each with the sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from shared.contracts.access import principal_of
from shared.kernel.pause import check_pauses_allowed
from shared.runtime.roles import KAFKA_ROLES
from shared.runtime.service import Service
from shared.runtime.settings import CommonSettings
from shared.store.database import engine_url

if TYPE_CHECKING:
    from shared.messaging.kafka_access import KafkaAccess


class CannotStart(Exception):
    """This process must not begin. The text is one sentence for the operator, without secrets."""


def check(service: Service, roles: Sequence[str]) -> None:
    """Raises CannotStart where a setting, the database or a topic is not as it must be."""
    try:
        check_pauses_allowed()
    except RuntimeError as error:
        raise CannotStart(str(error)) from None
    settings = service.settings()
    _check_secrets(settings)
    _check_database(service)
    if KAFKA_ROLES.intersection(roles):
        _check_broker(service, settings)


def _check_secrets(settings: CommonSettings) -> None:
    if settings.laptop:
        return
    for name, field in type(settings).model_fields.items():
        secret = isinstance(field.default, SecretStr) or name.endswith("database_url")
        if secret and field.default and getattr(settings, name) == field.default:
            variable = field.validation_alias or f"FRONTDESK_{name.upper()}"
            raise CannotStart(f"{variable} still has its default; set a secret, or FRONTDESK_LAPTOP=true on a laptop")


def _check_database(service: Service) -> None:
    from shared.store.migrations import pending

    url = service.database_url()
    try:
        behind = pending(service.name, url)
    except OperationalError:
        known = engine_url(url)
        where = f"{known.host}:{known.port or 5432}/{known.database}"
        raise CannotStart(
            f"the database of {service.name} at {where} does not answer or refuses the login; start it or mend its URL"
        ) from None
    if behind:
        raise CannotStart(f"the database of {service.name} is not migrated; run: frontdesk migrate {service.name}")


def _check_broker(service: Service, settings: CommonSettings) -> None:
    from shared.messaging.grants import standing
    from shared.messaging.kafka_access import KafkaAccess, WrongAccess
    from shared.messaging.topics import BrokerError

    try:
        access = KafkaAccess.of(settings, principal_of(service.name))
    except WrongAccess as wrong:
        raise CannotStart(str(wrong)) from None
    try:
        found = standing(access, service.name)
    except BrokerError:
        raise CannotStart(_no_answer(access)) from None
    if found.denied:
        rights = ", ".join(f"{grant.operation} {grant.resource} {grant.name}" for grant in found.denied)
        who = access.username or "this process"
        raise CannotStart(f"Kafka does not let {who} {rights}; run: frontdesk topics access --apply")
    if found.missing_topics:
        raise CannotStart(f"Kafka has no topic {', '.join(found.missing_topics)}; run: frontdesk topics declare")


def _no_answer(access: KafkaAccess) -> str:
    if access.login_refused():
        return (
            f"Kafka at {access.bootstrap} does not take the login {access.username}; "
            "mend FRONTDESK_KAFKA_USERNAME or its password"
        )
    how = "" if access.protocol == "PLAINTEXT" else f" by {access.protocol}"
    return (
        f"no Kafka broker answers at {access.bootstrap}{how}; start it, or mend FRONTDESK_KAFKA_BOOTSTRAP "
        "or FRONTDESK_KAFKA_SECURITY_PROTOCOL"
    )
