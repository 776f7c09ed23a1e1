"""Writes every generated contract: event schemas, AsyncAPI, OpenAPI per service, the README of shared/contracts.

`python -m deploy.contracts` writes, `--check` only compares (exit code 1 on a difference). It lives here because it
reads the services, which `shared` must not.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from shared.contracts.asyncapi import asyncapi
from shared.contracts.evolution import breaks
from shared.contracts.readme import readme
from shared.contracts.registry import event_types
from shared.contracts.schemas import schema_file, schema_of
from shared.contracts.topics import SERVICES
from shared.kernel.machine import Machine
from shared.runtime.service import Service
from shared.store.database import Database
from shared.web.app import create_app

ROOT = Path(__file__).parent.parent
CONTRACTS = Path("shared/contracts")
SCHEMAS = CONTRACTS / "schemas"

_MACHINE_ROOMS = ("model", "machine")
_NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def service_of(name: str) -> Service:
    """The composed service `name`."""
    service: Service = import_module(f"services.{name}.service").service
    return service


def machines_of(name: str) -> list[Machine]:
    """The state machines of a service's modules by name; of several tables with one name, the whole one."""
    found: dict[str, Machine] = {}
    package = import_module(f"services.{name}")
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.rpartition(".")[2] in _MACHINE_ROOMS:
            for value in vars(import_module(module.name)).values():
                if isinstance(value, Machine):
                    known = found.get(value.name)
                    if known is None or len(known.transitions) < len(value.transitions):
                        found[value.name] = value
    return [found[machine] for machine in sorted(found)]


def openapi_of(name: str) -> dict[str, Any]:
    """What a service's API says of itself; needs no database."""
    return create_app(service_of(name), Database(_NOWHERE, name)).openapi()


def generated() -> dict[Path, str]:
    """Path from the root → content, of every generated file."""
    files = {SCHEMAS / schema_file(event): _json(schema_of(event)) for event in event_types().values()}
    files[CONTRACTS / "asyncapi.json"] = _json(asyncapi())
    files[CONTRACTS / "README.md"] = readme({name: machines_of(name) for name in SERVICES})
    for name in SERVICES:
        files[Path("services") / name / "openapi.json"] = _json(openapi_of(name))
    return files


def differences(files: Mapping[Path, str], root: Path = ROOT) -> Iterator[str]:
    """A sentence for each of `files` that is not so under `root`."""
    for path, content in files.items():
        there = root / path
        if not there.exists():
            yield f"{path} is missing"
        elif there.read_text() != content:
            yield f"{path} differs from the code"


def changed_versions(root: Path = ROOT) -> Iterator[str]:
    """A sentence for each committed schema that would change without a new version."""
    for event in event_types().values():
        there = root / SCHEMAS / schema_file(event)
        if there.exists():
            old, new = json.loads(there.read_text()), schema_of(event)
            if breaks(old, new) or old.get("properties", {}).keys() != new.get("properties", {}).keys():
                yield f"{event.type} changed but is still version {event.version}: raise `version` in its file"


def main() -> int:
    """The command; returns the exit code."""
    parser = ArgumentParser(prog="python -m deploy.contracts", description="Write the generated contracts.")
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--redraft", action="store_true", help="change versions that nobody has released yet")
    asked = parser.parse_args()
    if asked.check:
        wrong = [f"{line}; run python -m deploy.contracts" for line in differences(generated())]
    else:
        wrong = [] if asked.redraft else list(changed_versions())
        if not wrong:
            _write()
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def _write() -> None:
    for path, content in generated().items():
        there = ROOT / path
        there.parent.mkdir(exist_ok=True)
        there.write_text(content)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
