"""Passwords and secrets of this copy: random at the first `up`, in one file that only its owner may read."""

from __future__ import annotations

import secrets
from pathlib import Path

from deploy.local.kafka_logins import LOGINS, secret_name, write_secret
from deploy.local.layout import SERVICES

_NAMES = (
    *(f"FRONTDESK_POSTGRES_{service.upper()}_PASSWORD" for service in SERVICES),
    "FRONTDESK_ADDRESS_SECRET",
    "FRONTDESK_INTAKE_KEY_SECRET",
    "FRONTDESK_NOTIFY_SECRET",
    "FRONTDESK_SANDBOX_PASSWORD",
    *map(secret_name, LOGINS),
)


def load(path: Path) -> dict[str, str]:
    """Name → value. What is missing is made and kept: address ids would change with their secret."""
    known = read(path)
    missing = [name for name in _NAMES if name not in known]
    if missing:
        known |= {name: _random(name) for name in missing}
        _write(path, known)
    return known


def load_or_nothing(path: Path) -> dict[str, str]:
    """As `load`, but empty values instead of new ones where nothing was made yet."""
    return dict.fromkeys(_NAMES, "") | read(path)


def add(path: Path, name: str, value: str) -> None:
    """Keeps one more, e.g. a password that `up` made for the demo."""
    _write(path, read(path) | {name: value})


def read(path: Path) -> dict[str, str]:
    """What the file holds; nothing where there is none."""
    if not path.exists():
        return {}
    rows = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    return {name: value for name, _, value in rows}


def _random(name: str) -> str:
    # SMPP 3.4 carries eight characters of a password and no more.
    return secrets.token_urlsafe(6 if name == "FRONTDESK_SANDBOX_PASSWORD" else 24)


def _write(path: Path, values: dict[str, str]) -> None:
    write_secret(path, "".join(f"{name}={value}\n" for name, value in values.items()))
