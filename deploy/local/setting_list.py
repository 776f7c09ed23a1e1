"""Every setting there is, with its default, its value here, and what it means."""

from __future__ import annotations

import importlib
import os
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from deploy.local import credentials, environment
from deploy.local.layout import SERVICES, Layout
from deploy.local.ports import DEFAULT_BASE
from shared.runtime.settings import CommonSettings

_HIDDEN = "••••"
_OWN = (
    ("FRONTDESK_PORT_BASE", str(DEFAULT_BASE), "first port of the laptop stack's block of 100"),
    ("FRONTDESK_KAFKA_SECURED", "false", "true: the laptop's Kafka asks for logins and lets each do what it must"),
    ("FRONTDESK_POSTGRES_BIN", "", "folder of another PostgreSQL's binaries; unset: those that came with us"),
    ("JAVA_HOME", "", "another Java (≥ 17) for Kafka; unset: the one that came with us"),
)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting. `value` is what it would be in a process started now, None where that is the default."""

    name: str
    default: str
    value: str | None
    description: str

    def as_json(self) -> dict[str, Any]:
        """As it is."""
        return asdict(self)


def setting_rows(layout: Layout) -> list[SettingRow]:
    """Sorted by name; secrets and passwords are masked."""
    here = environment.service_environment(layout, credentials.load_or_nothing(layout.credentials))
    rows = {name: _row(name, default, meaning, here, secret=False) for name, default, meaning in _OWN}
    models: list[type[BaseSettings]] = [CommonSettings, *map(_model, SERVICES)]
    for model in models:
        for field_name, field in model.model_fields.items():
            name = str(field.validation_alias or f"FRONTDESK_{field_name.upper()}")
            rows[name] = _row(name, _text(field), field.description or "", here, secret=_is_secret(name, field))
    return [rows[name] for name in sorted(rows)]


def _model(service: str) -> type[BaseSettings]:
    made: BaseSettings = importlib.import_module(f"services.{service}.settings").settings()
    return type(made)


def _row(name: str, default: str, description: str, here: dict[str, str], *, secret: bool) -> SettingRow:
    value = here.get(name, os.environ.get(name))
    if secret:
        default, value = (default and _HIDDEN), (value and _HIDDEN)
    return SettingRow(name, default, value, description)


def _is_secret(name: str, field: FieldInfo) -> bool:
    return SecretStr.__name__ in str(field.annotation) or name.endswith("_DATABASE_URL")


def _text(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    return "" if default is None else str(default)
