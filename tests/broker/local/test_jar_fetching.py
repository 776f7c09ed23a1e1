"""Kafka's jars are fetched again where something is wrong with them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.kafka import Kafka
from deploy.local.trouble import Trouble


def test_given_a_half_fetched_jar_and_a_missing_one_when_ensured_then_both_are_mended(
    kafka_node: Kafka, tmp_path: Path
) -> None:
    folder = tmp_path / "jars"
    shutil.copytree(kafka_node.jar_folder, folder, ignore=shutil.ignore_patterns("*.aot", "*.part*"))
    half, missing, *_ = sorted(jars.locked(), key=lambda jar: (folder / jar.name).stat().st_size)
    with (folder / half.name).open("r+b") as file:
        file.truncate(100)
    (folder / missing.name).unlink()
    told: list[tuple[int, int]] = []

    jars.ensure(folder, lambda done, of: told.append((done, of)))

    assert told == [(0, 2), (1, 2), (2, 2)]
    assert all(jar.is_in(folder) for jar in jars.locked())


def test_given_a_jar_that_nobody_has_when_ensured_then_one_sentence_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "_TRIES", 1)
    lock = tmp_path / "lock.toml"
    lock.write_text(
        '[[dependencies]]\ngroupId = "example.nobody"\nartifactId = "some-jar"\nversion = "1.0"\nsha256 = "00"\n'
    )

    with pytest.raises(Trouble, match=r"some-jar-1\.0\.jar") as caught:
        jars.ensure(tmp_path / "jars", lock=lock)

    assert caught.value.code == "jar-failed"
    assert [path.name for path in (tmp_path / "jars").iterdir()] == [".lock"]
