"""Committed contracts are what the code says, and every version gets along with all older ones."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from deploy.contracts import ROOT, SCHEMAS, changed_versions, differences, generated
from shared.contracts.asyncapi import asyncapi
from shared.contracts.evolution import breaks
from shared.contracts.registry import event_types
from shared.contracts.schemas import schema_file, schema_of
from shared.contracts.topics import SERVICES, TOPICS
from shared.contracts.words import WORDS

_FILE = re.compile(r"(?P<type>[a-z0-9.-]+)\.(?P<version>\d+)\.json")


@pytest.fixture(scope="module")
def files() -> dict[Path, str]:
    return generated()


def test_committed_files_are_what_the_code_says(files: dict[Path, str]) -> None:
    assert list(differences(files)) == [], "run python -m deploy.contracts and commit what it writes"


def test_given_a_file_that_differs_or_is_missing_then_it_is_told(files: dict[Path, str], tmp_path: Path) -> None:
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    assert list(differences(files, tmp_path)) == []
    (tmp_path / "shared/contracts/asyncapi.json").write_text("{}")
    (tmp_path / SCHEMAS / "party-changed.1.json").unlink()
    assert sorted(differences(files, tmp_path)) == [
        "shared/contracts/asyncapi.json differs from the code",
        "shared/contracts/schemas/party-changed.1.json is missing",
    ]


def test_given_a_schema_that_changed_without_a_new_version_then_it_is_told(tmp_path: Path) -> None:
    there = tmp_path / SCHEMAS / "case-closed.1.json"
    there.parent.mkdir(parents=True)
    older = json.loads((ROOT / SCHEMAS / "case-closed.1.json").read_text())
    del older["properties"]["closed_at"]
    there.write_text(json.dumps(older))
    (told,) = changed_versions(tmp_path)
    assert "case-closed changed but is still version 1" in told


def _committed() -> Iterator[tuple[str, int, dict[str, Any]]]:
    for path in sorted((ROOT / SCHEMAS).iterdir()):
        match = _FILE.fullmatch(path.name)
        assert match is not None, f"{path.name} is no schema file; take it away"
        yield match["type"], int(match["version"]), json.loads(path.read_text())


def test_every_committed_version_gets_along_with_all_older_ones() -> None:
    versions: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for type_, version, schema in _committed():
        versions.setdefault(type_, []).append((version, schema))
    for type_, found in versions.items():
        for (_, older), (number, newer) in combinations(sorted(found, key=lambda each: each[0]), 2):
            assert breaks(older, newer) == [], f"{type_} version {number} is not compatible; make {type_}.v2"


def test_every_committed_type_is_still_read_and_at_its_newest_version() -> None:
    newest: dict[str, int] = {}
    for type_, version, schema in _committed():
        newest[type_] = max(version, newest.get(type_, 0))
        Draft202012Validator.check_schema(schema)
    assert newest == {event.type: event.version for event in event_types().values()}


_PARTY = schema_of(event_types()["party-changed"])


def _changed(change: str) -> dict[str, Any]:
    newer = copy.deepcopy(_PARTY)
    fields, inner = newer["properties"], newer["$defs"]["PartyAddress"]
    match change:
        case "optional field":
            fields["nickname"] = {"type": "string", "default": ""}
        case "optional inner field":
            inner["properties"]["label"] = {"type": "string", "default": ""}
        case "other words":
            fields["zone"]["description"] = newer["description"] = "other words"
        case "required field":
            fields["nickname"] = {"type": "string"}
            newer["required"].append("nickname")
        case "field gone":
            del fields["zone"]
        case "inner field gone":
            del inner["properties"]["verified"]
        case "became required":
            newer["required"].append("zone")
        case "became optional":
            newer["required"].remove("party_id")
        case "other type":
            fields["member"] = {"type": "integer", "default": 0}
        case "one more value":
            inner["properties"]["kind"]["enum"].append("fax")
        case "other limit":
            inner["properties"]["value"]["maxLength"] = 500
        case "list of other things":
            fields["liaison_ids"]["items"] = {"type": "string"}
        case "other default":
            fields["language"]["default"] = "en"
    return newer


@pytest.mark.parametrize("change", ["optional field", "optional inner field", "other words"])
def test_given_an_optional_addition_then_old_and_new_get_along(change: str) -> None:
    assert breaks(_PARTY, _changed(change)) == []


@pytest.mark.parametrize(
    "change",
    [
        "required field",
        "field gone",
        "inner field gone",
        "became required",
        "became optional",
        "other type",
        "one more value",
        "other limit",
        "list of other things",
        "other default",
    ],
)
def test_given_any_other_change_then_it_breaks(change: str) -> None:
    assert breaks(_PARTY, _changed(change))


def test_asyncapi_is_whole_and_its_references_lead_somewhere() -> None:
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == set(TOPICS)
    for reference in _references(document):
        target, _, pointer = reference.partition("#")
        if target:
            assert (ROOT / "shared/contracts" / target).is_file(), reference
            continue
        found: Any = document
        for step in pointer.strip("/").split("/"):
            found = found[step]
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_is_valid_and_names_every_operation_once(service: str, files: dict[Path, str]) -> None:
    document = json.loads(files[Path("services") / service / "openapi.json"])
    validate(document)
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))
    addresses = set(re.findall(r"https?://[^\"\s]+", json.dumps(document)))
    assert addresses == set(), "the description must lead nowhere else"


def test_words_are_said_once() -> None:
    names = [name for _, name, _ in WORDS]
    assert len(names) == len(set(names))


def test_every_schema_file_has_a_name_of_its_own() -> None:
    names = [schema_file(event) for event in event_types().values()]
    assert len(names) == len(set(names))
