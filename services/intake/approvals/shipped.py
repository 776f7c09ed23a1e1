"""The routes that are known, as they lie in `routes/` and in the folder that a company may name: one file per route."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from services.intake.approvals.model import Route
from services.intake.settings import settings

_ROUTES = Path(__file__).parent / "routes"


@cache
def routes() -> dict[str, Route]:
    """Every route by its code; a company's own replaces a shipped one of that code.

    Raises ValueError where a file is not a route, or names one that is not there.
    """
    folders = [folder for folder in (_ROUTES, settings().approval_routes) if folder is not None]
    found = {path.stem.upper(): _read(path) for folder in folders for path in sorted(folder.glob("*.toml"))}
    for route in found.values():
        if route.major is not None and route.major not in found:
            raise ValueError(f"{route.code}: there is no route {route.major}")
    return found


def _read(path: Path) -> Route:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        return Route.model_validate({"code": path.stem.upper(), **raw})
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
