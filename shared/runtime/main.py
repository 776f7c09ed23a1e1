"""`python -m services.<name> [role …]`: any set of a service's roles in one process."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from pydantic import ValidationError

from shared.kernel import clock
from shared.runtime.process import CRASHED, run_roles, state_file
from shared.runtime.roles import roles_of
from shared.runtime.service import Service
from shared.runtime.settings import CommonSettings
from shared.runtime.starting import CannotStart, check
from shared.runtime.state import ProcessState
from shared.telemetry import logs, tracing

REFUSED = 78
"""Exit code (sysexits' EX_CONFIG) of a process that must not begin: a setting, the database or a topic is not right."""

log = logs.logger(__name__)


def main(service: Service) -> NoReturn:
    """Runs the roles named on the command line, all of the service's where none is, and leaves with their code."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service.name}", description=f"Roles of {service.name}.")
    parser.add_argument(
        "roles", nargs="*", metavar="role", help=f"any of: {', '.join(roles_of(service))}; default: all"
    )
    parser.add_argument("--host", help="address of the api role (FRONTDESK_API_HOST)")
    parser.add_argument("--port", type=int, help="port of the api role (FRONTDESK_API_PORT)")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.roles) - set(roles_of(service)))
    if unknown:
        parser.error(f"{service.name} has no role {', '.join(unknown)}; it has {', '.join(roles_of(service))}")
    for name, value in (("FRONTDESK_API_HOST", arguments.host), ("FRONTDESK_API_PORT", arguments.port)):
        if value is not None:
            os.environ[name] = str(value)
    sys.exit(run(service, arguments.roles or roles_of(service)))


def run(service: Service, roles: Sequence[str]) -> int:
    """One process's whole life; returns its exit code: 0 asked to leave, 1 crashed, 78 must not begin."""
    roles = tuple(dict.fromkeys(roles))
    logs.configure(service.name, roles)
    try:
        settings = service.settings()
    except ValidationError as error:
        return _refuse(service, roles, None, _wrong_settings(error))
    logs.configure(service.name, roles, level=settings.log_level)
    try:
        check(service, roles)
    except CannotStart as reason:
        return _refuse(service, roles, settings, str(reason))
    telemetry = tracing.configure(service.name, roles, settings)
    try:
        return asyncio.run(run_roles(service, roles, telemetry))
    except Exception as error:  # the last edge: whatever it is, it is told in our form and ends the process
        log.critical("process crashed", exc_info=error)
        return CRASHED
    finally:
        telemetry.shutdown()


def _refuse(service: Service, roles: tuple[str, ...], settings: CommonSettings | None, sentence: str) -> int:
    if sys.stderr.isatty():
        sys.stderr.write(f"{sentence}\n")
    else:
        log.critical(sentence)
    file = None if settings is None else state_file(service, roles, settings)
    if file is not None:
        now = clock.now()
        file.tell(
            ProcessState(
                service=service.name,
                roles=roles,
                pid=os.getpid(),
                started=now,
                ready=False,
                alive=True,
                reasons={"process": sentence},
            )
        )
    return REFUSED


def _wrong_settings(error: ValidationError) -> str:
    rows = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in rows)
    return f"settings are wrong, see frontdesk doctor --settings: {wrong}"
