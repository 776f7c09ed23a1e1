"""Where a wheel put its files."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def installed(package: str) -> Path:
    """The folder of `package`, found without importing it: its code may do things that we do not want."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed; run `make up` once", name=package)
    return Path(found.origin).parent
