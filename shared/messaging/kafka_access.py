"""How a cluster is reached: addresses, protocol and login, once for all our clients. Nobody else reads these settings.

A password is shown to nobody: it is a SecretStr up to the call of the client.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import structlog
from pydantic import SecretStr

if TYPE_CHECKING:
    from faust import SASLCredentials, SSLCredentials

    from shared.runtime.settings import CommonSettings

log = structlog.get_logger(__name__)

_PROBE_SECONDS = 10.0


class WrongAccess(Exception):
    """The settings do not say how the cluster is reached. The text says which of them to mend."""


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """One principal's way to one cluster. `ca_file`: who signed the brokers' certificates; None: the system's."""

    bootstrap: str
    protocol: str = "PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None

    @classmethod
    def of(cls, settings: CommonSettings, principal: str) -> Self:
        """By the settings, as `principal` where they name nobody else. Raises WrongAccess."""
        protocol = settings.kafka_security_protocol
        username = settings.kafka_username or principal
        _check_ca(settings)
        if not protocol.startswith("SASL_"):
            return cls(settings.kafka_bootstrap, protocol, ca_file=settings.kafka_ca_file)
        return cls(
            settings.kafka_bootstrap,
            protocol,
            settings.kafka_mechanism,
            username,
            _password(settings, username),
            settings.kafka_ca_file,
        )

    @property
    def addresses(self) -> list[str]:
        """host:port of each broker to ask first."""
        return self.bootstrap.split(",")

    def options(self) -> dict[str, Any]:
        """Arguments that aiokafka's and kafka-python's clients share."""
        options: dict[str, Any] = {"bootstrap_servers": self.addresses, **self._security()}
        return options

    def faust_credentials(self) -> SASLCredentials | SSLCredentials | None:
        """Faust's `broker_credentials`."""
        from faust import SASLCredentials, SSLCredentials

        if self.password is not None:
            return SASLCredentials(
                username=self.username,
                password=self.password.get_secret_value(),
                mechanism=self.mechanism,
                ssl_context=self._ssl_context(),
            )
        context = self._ssl_context()
        return None if context is None else SSLCredentials(context)

    def login_refused(self) -> bool:
        """Whether a broker answers and does not take this login. Asks each address once; blocks."""
        return self.password is not None and asyncio.run(self._login_refused())

    async def _login_refused(self) -> bool:
        # kafka-python knows, and tells only "unable to bootstrap" after its whole time-out (its pull request 2994
        # raises the error on connect, and bootstrapping catches it again). aiokafka's connection raises it.
        from aiokafka.conn import create_conn
        from aiokafka.errors import AuthenticationFailedError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

        for address in self.addresses:
            host, _, port = address.rpartition(":")
            try:
                connection = await asyncio.wait_for(create_conn(host, int(port), **self._security()), _PROBE_SECONDS)
            except (AuthenticationFailedError, SaslAuthenticationFailed, UnsupportedSaslMechanismError):
                return True
            except Exception as error:  # noqa: BLE001 - the caller tells of silence; we only look for a refusal
                log.info("broker did not answer a login", address=address, error=type(error).__name__)
            else:
                connection.close()
                return False
        return False

    def _security(self) -> dict[str, Any]:
        options: dict[str, Any] = {"security_protocol": self.protocol}
        if (context := self._ssl_context()) is not None:
            options["ssl_context"] = context
        if self.password is not None:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password.get_secret_value(),
            }
        return options

    def _ssl_context(self) -> ssl.SSLContext | None:
        if not self.protocol.endswith("SSL"):
            return None
        return ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))


Broker = KafkaAccess | str
"""Where a question goes; bare addresses mean: no login, no encryption."""


def access_to(broker: Broker) -> KafkaAccess:
    """`broker` as an access."""
    return KafkaAccess(broker) if isinstance(broker, str) else broker


def advice(error: BaseException) -> dict[str, str]:
    """For a log line: what to do where a broker refused a right (by the names of both clients' errors)."""
    if type(error).__name__.endswith("AuthorizationFailedError"):
        return {"mend": "run: frontdesk topics access --apply"}
    return {}


def _check_ca(settings: CommonSettings) -> None:
    if settings.kafka_ca_file is None:
        return
    try:
        ssl.create_default_context(cafile=str(settings.kafka_ca_file))
    except OSError as error:  # ssl.SSLError is one
        raise WrongAccess(
            f"FRONTDESK_KAFKA_CA_FILE={settings.kafka_ca_file} holds no certificates ({error.strerror}); mend that"
        ) from None


def _password(settings: CommonSettings, username: str) -> SecretStr:
    if settings.kafka_password is not None:
        return settings.kafka_password
    if settings.kafka_password_folder is None:
        raise WrongAccess("FRONTDESK_KAFKA_SECURITY_PROTOCOL asks for a login; set FRONTDESK_KAFKA_PASSWORD too")
    file = settings.kafka_password_folder / username
    try:
        return SecretStr(file.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise WrongAccess(
            f"the password of {username} cannot be read from {file} ({error.strerror}); mend that"
        ) from None
