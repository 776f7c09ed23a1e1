"""Every route of a service, with the permission that it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.runtime.service import Service
from shared.web.edge import Gate


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one path. `permission` None: no member of staff is asked for here."""

    service: str
    method: str
    path: str
    permission: str | None

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


def doors_of(service: Service) -> list[Door]:
    """All of them, as the routers have them."""
    return [
        Door(service.name, method, route.path, next(_permissions(route.dependant), None))
        for router in service.routers
        for route in _routes(router)
        for method in sorted(route.methods)
    ]


def _routes(router: APIRouter) -> Iterator[APIRoute]:
    for route in router.routes:
        assert isinstance(route, APIRoute), f"{route} hides its routes from the walk: give each router to the service"
        yield route


def _permissions(dependant: Dependant) -> Iterator[str]:
    if isinstance(dependant.call, Gate):
        yield dependant.call.permission
    for inner in dependant.dependencies:
        yield from _permissions(inner)
