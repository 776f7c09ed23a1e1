"""`frontdesk staff`: a sheet is rehearsed first, each line told of, and passwords shown once."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

from deploy.local import console
from deploy.local.cli import command
from deploy.local.layout import Layout
from deploy.local.trouble import Trouble
from shared.security import passwords

_DEPARTMENTS = "code,name\nservice,Service\n"
_STAFF = "email,name,department,roles\na@staff.example,Ann,service,supervisor\nb@staff.example,Ben,service,agent\n"


@dataclass
class People:
    """The command on intake's database, and the sheets beside it."""

    url: str
    folder: Path

    def run(self, *words: str) -> str:
        """What the command prints. Raises Trouble where it would end with a sentence."""
        done = CliRunner().invoke(command(["cli_people"]), list(words))
        if isinstance(done.exception, Trouble):
            self.printed = done.stdout
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))

    def sheets(self, staff: str = _STAFF) -> tuple[str, ...]:
        """The words that import these sheets."""
        for name, content in (("departments.csv", _DEPARTMENTS), ("staff.csv", staff)):
            (self.folder / name).write_text(content, encoding="utf-8")
        return (
            "staff",
            "import",
            str(self.folder / "staff.csv"),
            "--departments",
            str(self.folder / "departments.csv"),
        )

    def rows(self, statement: str) -> list[Any]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture
def people(database_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[People]:
    url = database_of("intake")
    monkeypatch.setenv("FRONTDESK_INTAKE_DATABASE_URL", url)
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    (tmp_path / "data").mkdir()
    console.speak("en")
    yield People(url, tmp_path)
    console.speak("en")


def test_without_yes_every_line_is_told_and_nothing_changes(people: People) -> None:
    told = people.run(*people.sheets())
    assert "departments.csv" in told
    assert "1 departments and 2 members of staff would change; 2 accounts would be opened" in told
    assert "add --yes" in told
    assert people.rows("SELECT 1 FROM staff") == []


def test_with_yes_it_is_done_recorded_and_the_passwords_are_for_the_owner_only(people: People) -> None:
    done = people.json(*people.sheets(), "--yes", "--by", "ann")
    assert (done["done"], done["departments"], done["staff"], done["new_accounts"]) == (True, 1, 2, 2)
    assert [(line["line"], line["outcome"]) for line in done["lines"]] == [(2, "new"), (2, "new"), (3, "new")]
    kept = Layout.from_environment().staff_passwords
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "b@staff.example=" in kept.read_text()
    assert ("ann", "import-staff") in people.rows("SELECT actor, action FROM audit")
    again = people.json(*people.sheets(), "--yes")
    assert {line["outcome"] for line in again["lines"]} == {"unchanged"}


def test_a_line_that_cannot_be_taken_is_told_with_its_column_and_nothing_is_imported(people: People) -> None:
    with pytest.raises(Trouble, match="1 lines cannot be taken"):
        people.run(*people.sheets(_STAFF.replace("agent", "emperor")), "--yes")
    assert "roles: expected roles of" in people.printed
    assert "emperor" not in people.printed
    assert people.rows("SELECT 1 FROM staff") == []


def test_operators_read_the_report_in_their_language(people: People) -> None:
    console.speak("zh-CN")
    with pytest.raises(Trouble):
        people.run("--lang", "zh-CN", *people.sheets(_STAFF.replace("agent", "emperor")))
    assert "roles：应为 角色（" in people.printed
    assert "拒绝" in people.printed


def test_a_new_password_is_shown_once_and_recorded(people: People) -> None:
    people.run(*people.sheets(), "--yes")
    before = people.rows("SELECT password_hash FROM account JOIN staff ON id = staff_id WHERE name = 'Ann'")
    word = people.run("staff", "password", "A@staff.example", "--by", "ann").strip()
    assert len(word) >= 16
    assert people.rows("SELECT password_hash FROM account JOIN staff ON id = staff_id WHERE name = 'Ann'") != before
    assert ("ann", "new-password") in people.rows("SELECT actor, action FROM audit")
    with pytest.raises(Trouble):
        people.run("staff", "password", "nobody@staff.example")
