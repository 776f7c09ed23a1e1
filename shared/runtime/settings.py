"""Settings that every service shares; each service adds its own in its `settings.py`. All come from the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommonSettings(BaseSettings):
    """`FRONTDESK_…` for all services. Durations are seconds or ISO 8601 (`PT30S`)."""

    model_config = SettingsConfigDict(env_prefix="FRONTDESK_", extra="ignore", frozen=True, hide_input_in_errors=True)

    kafka_bootstrap: str = Field("127.0.0.1:18092", description="Kafka's bootstrap addresses, comma-separated")
    topic_replication: int = Field(1, description="replication factor of declared topics")
    topic_partitions: int = Field(3, description="partitions of topics that are not quiet (production: 12)")
    address_secret: SecretStr = Field(
        SecretStr("laptop-only"), description="secret behind address ids; the same in all services, never rotated"
    )
    otlp_endpoint: str | None = Field(None, description="where OTLP/HTTP traces and metrics go; unset: nowhere")
    laptop: bool = Field(False, description="true on a laptop: default secrets are accepted")
    data_dir: Path = Field(Path(".data"), description="where the laptop stack keeps its state")
    run_dir: Path | None = Field(None, description="where processes tell their health; unset: not told")
    code_version: str = Field("dev", description="build id; unknown event types are tried again on each new one")
