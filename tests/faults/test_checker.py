"""The checker can fail: on a whole house it finds nothing, and each kind of damage it finds by its own name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace

import pytest

from shared.kernel import clock
from tests.faults import checker
from tests.faults.entries import Ledger, Try
from tests.faults.topics import TopicScan
from tests.faults.town import Town

_COLUMNS = "aggregatetype, aggregateid, type, payload, headers, about, created_at, published_at"
_OPENED_AGAIN = (
    f"INSERT INTO outbox (id, sequence, {_COLUMNS}) SELECT gen_random_uuid()::text, sequence + 1, {_COLUMNS} "
    "FROM outbox WHERE type = 'complaint-opened'"
)
_APPLIED_AGAIN = "INSERT INTO witness (source, topic, key, was, now) SELECT source, topic, key, was, now FROM witness"
_FIRST_TEXT = "(SELECT min(text) FROM channel_message)"
_HELD = (
    'INSERT INTO held (consumer, source, topic, key, partition, "offset", headers, state, reason, code_version, '
    "held_at) VALUES ('frontdesk-notify', '', 'tickets', '', 0, 7, '[]', 'dead', 'json', 'test', now())"
)
_UNANSWERED = "INSERT INTO idempotency (caller, path, key, body_hash, created_at) VALUES ('c', 'p', 'k', '', now())"


@pytest.fixture
async def town(database_of: Callable[[str], str]) -> AsyncIterator[Town]:
    """With two complaints, one told of by SMS and one by mail."""
    made = await Town(database_of).open()
    for mail in (False, True):
        await made.complain(mail=mail)
    yield made
    await made.close()


def _sql(service: str, statement: str) -> Callable[[Town], Awaitable[None]]:
    return lambda town: town.damage(service, statement)


async def _message_again(town: Town) -> None:
    town.received.append(dict(next(each for each in town.received if each["channel"] == "sms")))


async def _mail_gone(town: Town) -> None:
    town.received.remove(next(each for each in town.received if each["channel"] == "email"))


async def _stranger(town: Town) -> None:
    town.received.append({"channel": "email", "to": "a@example.org", "text": "?", "reference": "<1@nowhere>"})


async def _never_taken_on(town: Town) -> None:
    entry = town.ledger.open("complaint", "0")
    entry.thing = "00000000-0000-4000-8000-000000000000"
    entry.tries.append(Try(clock.now(), 202, 0.01))


DAMAGE = (
    ("a request answered 202 is not there", _never_taken_on, "I1", "lost"),
    ("a ticket was never made", _sql("complaints", "DELETE FROM inbox_fact"), "I1", "lost"),
    ("a reader never met a party", _sql("notify", "DELETE FROM copy WHERE topic = 'parties'"), "I1", "lost"),
    ("an SMS came twice", _message_again, "I4", "doubled"),
    ("a mail did not come", _mail_gone, "I4", "lost"),
    ("a mail of nobody's came", _stranger, "I4", "doubled"),
    ("it was repeated without doubt", _sql("notify", "UPDATE attempt SET repeat = true"), "I4", "doubled"),
    ("nobody was told", _sql("notify", "UPDATE message SET subject_id = gen_random_uuid()"), "I1", "lost"),
    ("a key did it twice", _sql("intake", f"UPDATE channel_message SET text = {_FIRST_TEXT}"), "I2", "doubled"),
    ("a ticket was opened twice", _sql("complaints", _OPENED_AGAIN), "I2", "doubled"),
    ("a reader began in the middle", _sql("notify", "UPDATE inbox SET first_seen = 2"), "I2", "lost"),
    ("an event was applied again", _sql("notify", _APPLIED_AGAIN), "I2", "doubled"),
    ("a reader went back", _sql("notify", "UPDATE inbox SET last = last - 1"), "I3", "inverted"),
    ("an event is held", _sql("notify", _HELD), "I5", "lost"),
    ("a key has no answer", _sql("intake", _UNANSWERED), "I6", "half done"),
    ("a number is missing", _sql("complaints", "UPDATE outbox SET sequence = sequence + 1"), "I2", "lost"),
    ("a row has no event", _sql("complaints", "DELETE FROM outbox"), "I6", "half done"),
)


async def test_given_a_whole_house_then_the_checker_finds_nothing(town: Town) -> None:
    assert checker.check(town.evidence) == []
    assert {each["channel"] for each in town.received} == {"sms", "email"}


async def test_given_damage_then_its_own_check_finds_it(town: Town) -> None:
    """One kind of damage after the other, and each time something new is found."""
    for name, damage, invariant, kind in DAMAGE:
        known = set(checker.INVARIANTS[invariant](town.evidence))

        await damage(town)

        new = set(checker.INVARIANTS[invariant](town.evidence)) - known
        assert kind in {finding.kind for finding in new}, name


async def test_given_something_still_on_its_way_then_the_house_is_not_at_rest(town: Town) -> None:
    evidence = town.evidence
    evidence.still_open = ["intake: 1 × unpublished (case-opened)"]

    assert [finding.kind for finding in checker.at_rest(evidence)] == ["late"]


def test_given_records_out_of_order_then_the_scan_tells_them_from_those_sent_again() -> None:
    scan = TopicScan("nowhere")

    for number in (1, 2, 2, 4, 3, 1):
        scan._note("tickets", _record(number))

    assert (scan.records, scan.again, dict(scan.inverted)) == (6, 2, {"tickets": 1})


def test_a_request_is_taken_by_its_first_good_answer_only() -> None:
    entry = Ledger().open("complaint", "k")
    for answer in (503, "ReadError"):
        entry.tries.append(Try(clock.now(), answer, 0.1))
    assert not entry.taken
    assert not entry.refused
    entry.tries.append(Try(clock.now(), 202, 0.1))
    assert entry.taken


def _record(number: int) -> SimpleNamespace:
    told = {"ce_id": f"id-{number}", "ce_source": "/services/complaints", "ce_partitionkey": "t"}
    return SimpleNamespace(
        headers=[(name, value.encode()) for name, value in told.items()] + [("ce_sequence", str(number).encode())]
    )
