"""Fresh databases in 50 ms: each service is migrated once per run into a template, which tests get copies of."""

from __future__ import annotations

import itertools

from deploy.local.postgres import Postgres
from shared.store.migrations import migrate

_PASSWORD = "only-in-tests"


class Databases:
    """Templates by service, and the copies made of them."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._migrated: set[str] = set()
        self._numbers = itertools.count(1)

    def fresh(self, service: str) -> tuple[str, str]:
        """(name, URL) of a new migrated database that the service's own login owns, as on a laptop."""
        template = f"{service}_template"
        if service not in self._migrated:
            migrate(service, self._postgres.provision(service, _PASSWORD, database=template))
            self._migrated.add(service)
        name = f"{service}_{next(self._numbers)}"
        self._postgres.clone(template, name, owner=service)
        return name, self._postgres.url(service, _PASSWORD, name)

    def drop(self, name: str) -> None:
        """Drops a copy, also while something is still connected to it."""
        self._postgres.drop(name)
