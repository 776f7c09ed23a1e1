"""Jars: what is believed and what is not. Fetching is tested in tests/broker/local."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from deploy.local import jars

_CONTENT = b"a jar"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "jars.lock.toml"
    path.write_text(
        '[[dependencies]]\ngroupId = "example.nobody"\nartifactId = "some-jar"\nversion = "1.0"\n'
        f'sha256 = "{hashlib.sha256(_CONTENT).hexdigest()}"\n'
    )
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "jars"
    path.mkdir()
    (path / "some-jar-1.0.jar").write_bytes(_CONTENT)
    return path


def test_given_a_complete_folder_when_ensured_then_nothing_is_fetched(folder: Path, lock: Path) -> None:
    told: list[tuple[int, int]] = []

    found = jars.ensure(folder, lambda done, of: told.append((done, of)), lock)

    assert found == [folder / "some-jar-1.0.jar"]
    assert told == []


def test_given_strays_and_stumps_of_a_killed_run_when_ensured_then_they_are_gone(folder: Path, lock: Path) -> None:
    (folder / ".part-abc").mkdir()
    (folder / ".part-abc" / "half.jar").write_bytes(b"ha")
    (folder / "other-2.0.jar").write_bytes(b"not in the lock")

    jars.ensure(folder, lock=lock)

    assert sorted(path.name for path in folder.iterdir()) == [".lock", "some-jar-1.0.jar"]


@pytest.mark.parametrize("content", [b"", b"a ja", b"b jar"], ids=["empty", "half", "altered"])
def test_given_a_jar_that_differs_when_looked_at_then_it_is_not_believed(
    folder: Path, lock: Path, content: bytes
) -> None:
    (jar,) = jars.locked(lock)
    assert jar.is_in(folder)

    (folder / jar.name).write_bytes(content)

    assert not jar.is_in(folder)


def test_the_committed_lock_names_no_address_and_one_kafka() -> None:
    text = jars.LOCK.read_text()
    versions = {jar.version for jar in jars.locked() if jar.artifact.startswith("kafka")}

    assert "://" not in text
    assert versions == {"4.2.0"}
