"""`frontdesk channel`: a key is shown once, rotated with an overlap, listed by its hash, revoked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local import console
from deploy.local.cli import command
from deploy.local.trouble import Trouble


@pytest.fixture
def run(
    database_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., str]]:
    """What the command prints. Raises Trouble where it would end with a sentence."""
    monkeypatch.setenv("FRONTDESK_INTAKE_DATABASE_URL", database_of("intake"))
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "300")
    (tmp_path / "data").mkdir()
    console.speak("en")

    def invoke(*words: str) -> str:
        done = CliRunner().invoke(command(["cli_channels"]), ["channel", *words])
        if isinstance(done.exception, Trouble):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    yield invoke
    console.speak("en")


def _keys(run: Callable[..., str]) -> list[Any]:
    return json.loads(run("keys", "web-form", "--json"))  # type: ignore[no-any-return]


def test_a_key_is_rotated_with_an_overlap_listed_and_revoked(run: Callable[..., str]) -> None:
    first = run("add", "web-form").strip()
    second = json.loads(run("rotate", "web-form", "--overlap", "2", "--json"))["key"]
    newest, oldest = _keys(run)
    assert (newest["ends"], oldest["ends"] is not None) == (None, True)
    assert first not in run("keys", "web-form")
    assert second not in run("keys", "web-form")
    assert "opens nothing any more" in run("revoke", "web-form", newest["key"], "--by", "ann")
    assert all(key["ends"] for key in _keys(run))
    assert "Nobody comes in" in run("close", "web-form")


def test_what_is_not_there_is_said_so(run: Callable[..., str]) -> None:
    for words in (("rotate", "nowhere"), ("keys", "nowhere"), ("close", "nowhere")):
        with pytest.raises(Trouble):
            run(*words)
