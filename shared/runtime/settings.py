"""Settings that every service shares; each service adds its own in its `settings.py`. All come from the environment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommonSettings(BaseSettings):
    """`FRONTDESK_…` for all services. Durations are seconds or ISO 8601 (`PT30S`)."""

    model_config = SettingsConfigDict(env_prefix="FRONTDESK_", extra="ignore", frozen=True, hide_input_in_errors=True)

    kafka_bootstrap: str = Field("127.0.0.1:18092", description="Kafka's bootstrap addresses, comma-separated")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how Kafka is spoken to: SSL encrypts, SASL logs in"
    )
    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="how Kafka's login goes, with SASL"
    )
    kafka_username: str | None = Field(None, description="Kafka login; unset: frontdesk-<service>")
    kafka_password: SecretStr | None = Field(None, description="password of the Kafka login")
    kafka_password_folder: Path | None = Field(
        None, description="folder with a file per Kafka login that holds its password, where none is set"
    )
    kafka_ca_file: Path | None = Field(
        None, description="certificates (PEM) that Kafka's are checked by; unset: the system's"
    )
    topic_replication: int = Field(1, description="replication factor of declared topics")
    topic_partitions: int = Field(3, description="partitions of topics that are not quiet (production: 12)")
    address_secret: SecretStr = Field(
        SecretStr("laptop-only"), description="secret behind address ids; the same in all services, never rotated"
    )
    otlp_endpoint: str | None = Field(None, description="where OTLP/HTTP traces and metrics go; unset: nowhere")
    trace_share: float = Field(0.1, ge=0, le=1, description="share of traces kept; errors are kept always")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="our own lines from here on")
    api_host: str = Field("127.0.0.1", description="address that the api role listens on")
    api_port: int = Field(8000, ge=0, le=65535, description="port that the api role listens on; 0: any free one")
    health_port: int | None = Field(None, description="port of /livez and /readyz in processes without the api role")
    health_host: str = Field("127.0.0.1", description="address that /livez and /readyz listen on without the api role")
    laptop: bool = Field(False, description="true on a laptop: default secrets are accepted")
    data_dir: Path = Field(Path(".data"), description="where the laptop stack keeps its state")
    run_dir: Path | None = Field(None, description="where processes tell their health; unset: not told")
    process_name: str | None = Field(None, description="this process's file in run_dir; unset: service and roles")
    supervisor: int | None = Field(None, description="pid of the supervisor: the process leaves when that is gone")
    code_version: str = Field("dev", description="build id; unknown and failed events are tried again on each new one")
    brake_things: int = Field(20, ge=1, description="so many things held by raises within the window stop a consumer")
    brake_window: timedelta = Field(timedelta(seconds=60), description="window of the brake, in seconds")

    @field_validator("*", mode="before")
    @classmethod
    def _seconds(cls, value: Any, info: ValidationInfo) -> Any:
        """pydantic reads a bare number as seconds, but not one that is text, as all in the environment is."""
        field = cls.model_fields[info.field_name or ""]
        if field.annotation is timedelta and isinstance(value, str) and value.replace(".", "", 1).isdigit():
            return float(value)
        return value
