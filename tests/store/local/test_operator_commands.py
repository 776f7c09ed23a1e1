"""`frontdesk held`, `outbox`, `brake` and `events`: nothing changes without --yes, and who acted is recorded."""

from __future__ import annotations

import asyncio
import base64
import getpass
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import typer
from psycopg.rows import dict_row
from typer.testing import CliRunner

from deploy.local import console
from deploy.local.cli import command
from deploy.local.trouble import Trouble
from shared.contracts.events.party_changed import PartyChanged
from shared.contracts.topics import SERVICES
from shared.kernel.errors import Refused
from shared.messaging.reactions import Reaction
from shared.messaging.record import Record
from shared.store.cause import Cause
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, progressed, record, service_of

_WORDS = "柳如是 +8613800138000"


class Desk:
    """The command on the databases of four services."""

    def __init__(self, urls: dict[str, str]) -> None:
        self.urls = urls
        self._app: typer.Typer = command(["cli_held", "cli_events"])

    def run(self, *words: str) -> str:
        """What the command prints. Raises Trouble where it would end with a sentence."""
        done = CliRunner().invoke(self._app, list(words))
        if isinstance(done.exception, Trouble):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))

    def rows(self, service: str, statement: str) -> list[Any]:
        with psycopg.connect(self.urls[service], row_factory=dict_row) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def desk(database_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    urls = {service: database_of(service) for service in SERVICES}
    for service, url in urls.items():
        monkeypatch.setenv(f"FRONTDESK_{service.upper()}_DATABASE_URL", url)
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "300")
    console.speak("en")
    yield Desk(urls)
    console.speak("en")


def hold_a_queue(desk: Desk) -> str:
    """A refused event, one queued behind it, and noise, held by callbacks; returns the ticket."""
    ticket = uuid4()

    async def refuse(uow: UnitOfWork, event: Any, envelope: object) -> None:
        raise Refused("not-so")

    async def fill() -> None:
        bench = Bench(service_of("callbacks", desk.urls["callbacks"], [Reaction(type(progressed(ticket)), refuse)]))
        noise = Record("tickets", 0, 9, b"k", _WORDS.encode(), ())
        await bench.batches.process([record(progressed(ticket), 1), record(progressed(ticket), 2), noise])
        await bench.database.close()

    asyncio.run(fill())
    return str(ticket)


def stick_a_row(desk: Desk) -> int:
    """A stuck row in the outbox of complaints."""

    async def fill() -> None:
        bench = Bench(service_of("complaints", desk.urls["complaints"]))
        async with bench.database.transaction(Cause.of_person()) as uow:
            uow.publish(progressed(uuid4()))
        await bench.rows("UPDATE outbox SET stuck_reason = 'MessageSizeTooLargeError'")
        await bench.database.close()

    asyncio.run(fill())
    return int(desk.rows("complaints", "SELECT position FROM outbox")[0]["position"])


def test_nothing_is_discarded_without_yes_and_with_it_the_next_is_due(desk: Desk) -> None:
    ticket = hold_a_queue(desk)
    listed = desk.json("held", "list", "--topic", "tickets")
    assert [(row["service"], row["state"]) for row in listed] == [
        ("callbacks", "refused"),
        ("callbacks", "waiting"),
        ("callbacks", "dead"),
    ]

    told = desk.run("held", "discard", "callbacks", "--state", "refused")
    assert "Nothing was changed" in told
    assert len(desk.rows("callbacks", "SELECT 1 FROM held")) == 3
    assert desk.rows("callbacks", "SELECT 1 FROM audit") == []

    done = desk.json("held", "discard", "callbacks", "--state", "refused", "--yes", "--by", "ann")
    assert done["done"]
    assert [(event["key"], event["sequence"], event["refused"]) for event in done["events"]] == [(ticket, 1, None)]
    assert desk.rows("callbacks", "SELECT sequence, next_try <= now() AS due FROM held ORDER BY id") == [
        {"sequence": 2, "due": True},
        {"sequence": None, "due": None},
    ]
    assert desk.rows("callbacks", "SELECT actor, action FROM audit") == [{"actor": "ann", "action": "held-discarded"}]


def test_who_acts_is_the_login_where_nobody_is_named(desk: Desk) -> None:
    hold_a_queue(desk)
    desk.run("held", "discard", "callbacks", "--reason", "envelope", "--yes")
    assert desk.rows("callbacks", "SELECT actor FROM audit") == [{"actor": getpass.getuser()}]


def test_everything_at_once_has_to_be_chosen_and_unknown_numbers_are_named(desk: Desk) -> None:
    hold_a_queue(desk)
    with pytest.raises(Trouble, match="by number, or by"):
        desk.run("held", "discard", "callbacks", "--yes")
    with pytest.raises(Trouble, match="holds no event 99"):
        desk.run("held", "retry", "callbacks", "99")
    assert len(desk.rows("callbacks", "SELECT 1 FROM held")) == 3


def test_a_retry_of_many_needs_yes_and_of_named_ones_not(desk: Desk) -> None:
    hold_a_queue(desk)
    due = "SELECT count(*) AS number FROM held WHERE next_try <= now()"
    desk.run("held", "retry", "callbacks", "--topic", "tickets")
    assert desk.rows("callbacks", due) == [{"number": 0}]
    first = desk.json("held", "list")[0]["id"]
    desk.run("held", "retry", "callbacks", str(first))
    assert desk.rows("callbacks", due) == [{"number": 1}]
    desk.run("held", "retry", "callbacks", "--topic", "tickets", "--yes")
    assert desk.rows("callbacks", due) == [{"number": 3}]


def test_an_export_is_for_its_owner_only_and_overwrites_nothing(desk: Desk, tmp_path: Path) -> None:
    hold_a_queue(desk)
    file = tmp_path / "held.jsonl"
    assert "personal data" in desk.run("held", "export", "callbacks", str(file), "--state", "dead")
    assert not file.exists()
    desk.run("held", "export", "callbacks", str(file), "--state", "dead", "--yes", "--by", "ann")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (line,) = map(json.loads, file.read_text().splitlines())
    assert base64.b64decode(line["value"]).decode() == _WORDS
    assert desk.rows("callbacks", "SELECT actor, action FROM audit") == [{"actor": "ann", "action": "held-exported"}]
    with pytest.raises(Trouble, match="is there already"):
        desk.run("held", "export", "callbacks", str(file), "--state", "dead", "--yes")


def test_a_gap_is_accepted_with_the_numbers_that_are_missing(desk: Desk) -> None:
    ticket = uuid4()

    async def fill() -> None:
        bench = Bench(service_of("callbacks", desk.urls["callbacks"]))
        await bench.batches.process([record(progressed(ticket), 1), record(progressed(ticket), 4)])
        await bench.database.close()

    asyncio.run(fill())
    assert "without 2 to 3" in desk.run("held", "accept-gap", "callbacks", "--reason", "gap")
    assert desk.rows("callbacks", "SELECT last FROM inbox") == [{"last": 1}]
    desk.run("held", "accept-gap", "callbacks", "--reason", "gap", "--yes")
    assert desk.rows("callbacks", "SELECT last FROM inbox") == [{"last": 3}]


def test_a_stuck_row_is_withdrawn_with_yes_only(desk: Desk) -> None:
    position = stick_a_row(desk)
    assert [row["position"] for row in desk.json("outbox", "--service", "complaints")] == [position]
    desk.run("outbox", "discard", "complaints", str(position))
    types = "SELECT type, stuck_reason FROM outbox"
    assert desk.rows("complaints", types)[0]["type"] == "complaint-progressed"
    with pytest.raises(Trouble, match="no stuck outbox row 99"):
        desk.run("outbox", "discard", "complaints", "99", "--yes")
    desk.run("outbox", "discard", "complaints", str(position), "--yes", "--by", "ann")
    assert desk.rows("complaints", types) == [{"type": "event-withdrawn", "stuck_reason": None}]
    assert desk.rows("complaints", "SELECT actor FROM audit") == [{"actor": "ann"}]


def test_a_stuck_row_is_sent_again_with_yes_only(desk: Desk) -> None:
    position = stick_a_row(desk)
    reason = "SELECT stuck_reason FROM outbox"
    desk.run("outbox", "retry", "complaints", str(position))
    assert desk.rows("complaints", reason) == [{"stuck_reason": "MessageSizeTooLargeError"}]
    desk.run("outbox", "retry", "complaints", str(position), "--yes")
    assert desk.rows("complaints", reason) == [{"stuck_reason": None}]


def test_the_brake_is_shown_and_released_with_yes_only(desk: Desk) -> None:
    assert desk.json("brake") == []
    desk.rows("callbacks", "INSERT INTO brake VALUES ('frontdesk-callbacks', 'v7', now(), 20, 22, 1, 'KeyError')")
    (row,) = desk.json("brake")
    assert (row["service"], row["code_version"], row["reason"]) == ("callbacks", "v7", "KeyError")
    assert "v7" in desk.run("brake", "release", "callbacks")
    assert len(desk.json("brake")) == 1
    desk.run("brake", "release", "callbacks", "--yes", "--by", "ann")
    assert desk.json("brake") == []
    assert desk.rows("callbacks", "SELECT actor, action FROM audit") == [{"actor": "ann", "action": "brake-released"}]


def publish_parties(desk: Desk, many: int) -> None:
    async def fill() -> None:
        bench = Bench(service_of("intake", desk.urls["intake"]))
        for _ in range(many):
            async with bench.database.transaction(Cause.of_person()) as uow:
                uow.publish(PartyChanged(party_id=uuid4(), name="somebody"))
        await bench.rows("UPDATE outbox SET published_at = now()")
        await bench.database.close()

    asyncio.run(fill())


@pytest.mark.parametrize(
    ("words", "again"),
    [(("republish", "parties"), "published_at IS NULL"), (("replay", "intake"), "replayed_at IS NOT NULL")],
)
def test_what_would_be_published_again_is_told_first(desk: Desk, words: tuple[str, ...], again: str) -> None:
    publish_parties(desk, 3)
    told = desk.run("events", *words)
    assert "3" in told
    assert "Nothing was changed" in told
    assert desk.rows("intake", f"SELECT 1 FROM outbox WHERE {again}") == []
    assert desk.json("events", *words, "--yes", "--by", "ann")["published"] == 3
    assert len(desk.rows("intake", f"SELECT 1 FROM outbox WHERE {again}")) == 3
    acts = desk.rows("intake", "SELECT actor, action FROM audit ORDER BY id")
    assert [(row["actor"], row["action"]) for row in acts] == [
        ("ann", f"{words[0]}-begun"),
        ("ann", f"{words[0]}-ended"),
    ]


def test_a_replay_takes_instants_with_a_zone(desk: Desk) -> None:
    publish_parties(desk, 1)
    assert desk.json("events", "replay", "intake", "--until", "2020-01-01T00:00:00+0000")["topics"] == []
    (row,) = desk.json("events", "replay", "intake", "--since", "2020-01-01T00:00+0800")["topics"]
    assert (row["topic"], row["events"]) == ("parties", 1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("events", "republish", "tickets"), "keeps no states"),
        (("events", "replay", "notify", "--topic", "tickets"), "does not write to tickets"),
    ],
)
def test_a_topic_that_does_not_fit_is_named_with_those_that_do(desk: Desk, words: tuple[str, ...], says: str) -> None:
    with pytest.raises(Trouble, match=says):
        desk.run(*words)


def test_operators_are_spoken_to_in_their_language(desk: Desk) -> None:
    hold_a_queue(desk)
    assert "未做任何更改" in desk.run("--lang", "zh-CN", "held", "discard", "callbacks", "--state", "refused")
