"""What must hold when everything has come to rest: each check names what it found wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import orjson

from shared.contracts.topics import TOPICS, TopicClass
from tests.faults.simulation.postgres.schema import Row

if TYPE_CHECKING:
    from tests.faults.simulation.world import World


def check(world: World) -> list[str]:
    """Everything that does not hold."""
    return [
        *world.troubles,
        *_acknowledged(world),
        *_published(world),
        *_numbers(world),
        *_effects(world),
        *_order(world),
        *_inboxes(world),
        *_held(world),
        *_copies(world),
        *_timers(world),
    ]


def _rows(world: World, service: str, table: str) -> list[Row]:
    return world.servers[service].storage.rows(table)


def _readers(world: World, row: Row) -> Iterator[str]:
    """Services of this world with a reaction to an outbox row."""
    for name, service in world.services.items():
        if any(reaction.event.type == row["type"] for reaction in service.reactions):
            yield name


def _acknowledged(world: World) -> Iterator[str]:
    """I1: what was answered is in the database, once for each idempotency key."""
    reports = Counter(
        row["aggregateid"] for row in _rows(world, "intake", "outbox") if row["aggregatetype"] == "reports"
    )
    told = {str(report) for report in world.people.reports.values()}
    for report in told:
        if reports[report] != 1:
            yield f"report {report} was answered and is in the outbox {reports[report]} times"
    keys = {row["answer"]["id"] for row in _rows(world, "intake", "idempotency")}
    for report in set(reports) - keys:
        yield f"report {report} has no idempotency key: stored a second time"
    for service, event_id in world.people.events:
        if not any(row["id"] == event_id for row in _rows(world, service, "outbox")):
            yield f"event {event_id} was answered and is not in {service}'s outbox"


def _published(world: World) -> Iterator[str]:
    """I5: the outboxes are empty, but for what the broker refuses and what is behind it; the rest is on the topics."""
    for name in world.services:
        rows = _rows(world, name, "outbox")
        stuck = {row["aggregateid"] for row in rows if row["stuck_reason"] is not None}
        on_topics = {
            message.header("ce_id") for topic in {row["aggregatetype"] for row in rows} for message in world.seen[topic]
        }
        for row in rows:
            if row["published_at"] is None and row["aggregateid"] not in stuck:
                yield f"{name}'s outbox row {row['position']} was never published"
            elif row["published_at"] is not None and row["id"] not in on_topics:
                yield f"{name}'s outbox row {row['position']} is marked and not on its topic"


def _numbers(world: World) -> Iterator[str]:
    """I2: a thing's events are numbered 1, 2, 3 … in the order of their positions."""
    for name in world.services:
        numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row in sorted(_rows(world, name, "outbox"), key=lambda row: row["position"]):
            if TOPICS[row["aggregatetype"]].kind is not TopicClass.FACT:
                numbers[row["aggregatetype"], row["aggregateid"]].append(row["sequence"])
        for thing, counted in numbers.items():
            if counted != list(range(1, len(counted) + 1)):
                yield f"{name}'s events of {thing} are numbered {counted}"


def _effects(world: World) -> Iterator[str]:
    """I1, I2: every published event has one effect in every reader, or is held, or was recorded as superseded."""
    held = {
        name: {row["event_id"] for row in _rows(world, name, "held") if row["reason"] != "id-reused"}
        for name in world.services
    }
    noted = {name: {row["detail"].get("event") for row in _rows(world, name, "audit")} for name in world.services}
    effects = {name: Counter(row["event"] for row in _rows(world, name, "effect")) for name in world.services}
    for counted in effects.values():
        for event, times in counted.items():
            if times > 1:
                yield f"event {event} has taken effect {times} times"
    for name in world.services:
        for row in _rows(world, name, "outbox"):
            if row["published_at"] is None:
                continue
            for reader in _readers(world, row):
                ways = (effects[reader][row["id"]] > 0) + (row["id"] in held[reader]) + (row["id"] in noted[reader])
                if ways != 1:
                    yield (
                        f"{row['type']} {row['id']} in {reader}: effects {effects[reader][row['id']]}, "
                        f"held {row['id'] in held[reader]}, noted {row['id'] in noted[reader]}"
                    )


def _order(world: World) -> Iterator[str]:
    """I3: effects of a thing come in the order of its numbers."""
    for name in world.services:
        last: dict[tuple[str, str, str], int] = {}
        for row in sorted(_rows(world, name, "effect"), key=lambda row: row["id"]):
            if row["number"] is None:
                continue
            thing = (row["source"], row["topic"], row["key"])
            if row["number"] <= last.get(thing, 0):
                yield f"{name}: number {row['number']} of {thing} took effect after {last[thing]}"
            last[thing] = row["number"]


def _inboxes(world: World) -> Iterator[str]:
    """I2: each reader is at the last published number of each thing, or its queue is shut by a held event."""
    for owner in world.services:
        published: dict[tuple[str, str], int] = {}
        for row in _rows(world, owner, "outbox"):
            if row["published_at"] is not None and TOPICS[row["aggregatetype"]].kind is TopicClass.SEQUENCED:
                thing = (row["aggregatetype"], row["aggregateid"])
                published[thing] = max(published.get(thing, 0), row["sequence"])
        for name, service in world.services.items():
            inbox = {
                (row["topic"], row["key"]): row["last"]
                for row in _rows(world, name, "inbox")
                if row["source"] == f"/services/{owner}"
            }
            shut: dict[tuple[str, str], int] = {}
            for row in _rows(world, name, "held"):
                if row["sequence"] is not None:
                    thing = (row["topic"], row["key"])
                    shut[thing] = min(shut.get(thing, 2**62), row["sequence"])
            for thing, number in published.items():
                if name not in TOPICS[thing[0]].consumers:
                    continue
                wanted = shut[thing] - 1 if thing in shut else number
                if inbox.get(thing) != wanted:
                    yield f"{service.name} is at {inbox.get(thing)} of {thing}, not at {wanted}"


_MAY_STAND = {("refused", "ticket-state command"), ("waiting", "queued"), ("waiting", "gap")}
"""What waits may stand only behind what is refused; that is looked at by itself."""


def _held(world: World) -> Iterator[str]:
    """I1: what is held at the end is held for a reason that a person must end, or stands behind such a one."""
    noise = 0
    for name in world.services:
        rows = _rows(world, name, "held")
        shut = {(row["topic"], row["key"]) for row in rows if row["state"] in ("refused", "dead")}
        for row in rows:
            verdict = (row["state"], row["reason"])
            if verdict == ("dead", "id-reused"):
                if row["event_id"] not in world.people.reused:
                    yield f"{name}: {row['event_id']} is held as reused and was not"
            elif row["event_id"] is None:
                noise += 1
            elif verdict not in _MAY_STAND and not _waits_for_unknown(world, row):
                yield f"{name}: {row['type']} {row['sequence']} of {row['key']} is held as {verdict}"
            elif row["state"] == "waiting" and row["sequence"] is not None and (row["topic"], row["key"]) not in shut:
                yield f"{name}: {row['type']} {row['sequence']} of {row['key']} waits behind nothing"
    if noise != world.people.noise:
        yield f"{world.people.noise} records were unreadable, {noise} are held"
    missing = world.people.reused - {row["event_id"] for row in _rows(world, "complaints", "held")}
    if missing:
        yield f"ids used again with another body went unnoticed: {missing}"


def _waits_for_unknown(world: World, row: Row) -> bool:
    """Whether it waits behind a number that the broker refuses to take."""
    stuck = {
        each["aggregateid"]
        for name in world.services
        for each in _rows(world, name, "outbox")
        if each["stuck_reason"] is not None
    }
    return bool(row["key"] in stuck)


def _copies(world: World) -> Iterator[str]:
    """Copies are the owner's newest state; a tombstone wins for ever; compaction keeps what a new reader must see."""
    newest: dict[str, Row] = {}
    erased: set[str] = set()
    for row in sorted(_rows(world, "intake", "outbox"), key=lambda row: row["position"]):
        if row["aggregatetype"] == "parties":
            newest[row["aggregateid"]] = row
            if row["payload"] is None:
                erased.add(row["aggregateid"])
    for name in world.services:
        copies = {row["key"]: row for row in _rows(world, name, "copy") if row["topic"] == "parties"}
        for key, row in newest.items():
            copy = copies.get(key)
            if copy is None:
                yield f"{name} has no copy of party {key}"
            elif key in erased:
                # An owner that writes after an erasure is believed where the tombstone came late or not at all.
                unseen = world.plan.overtaking or any(fault.kind in ("compact", "wipe") for fault in world.plan.faults)
                if not copy["gone"] and not (unseen and key in world.people.written_after_erasure):
                    yield f"{name} still knows the erased party {key}"
            elif copy["gone"] or copy["sequence"] != row["sequence"] or copy["body"] != _body(row):
                yield f"{name}'s copy of party {key} is {copy['sequence']}, the owner is at {row['sequence']}"
    world.broker.compact("parties")
    for message in world.broker.messages("parties"):
        key = (message.key or b"").decode()
        last = newest.get(key)
        if last is None or key in world.people.written_after_erasure or message.header("ce_id") == last["id"]:
            continue
        if message.value is not None or last["payload"] is not None:  # one tombstone is as good as another
            yield f"compaction keeps number {message.header('ce_sequence')} of party {key}, not {last['sequence']}"


def _body(row: Row) -> object:
    from shared.contracts.events.party_changed import PartyChanged

    return orjson.loads(PartyChanged.decode(row["payload"]).model_dump_json())


def _timers(world: World) -> Iterator[str]:
    """Every timer fires once, not before it is due, and acts where what it is about has not moved on."""
    fired = Counter(row["timer"] for row in _rows(world, "complaints", "fired"))
    timers = {row["id"]: row for row in _rows(world, "complaints", "timer")}
    for timer, times in fired.items():
        if times > 1:
            yield f"timer {timer} fired {times} times"
        if timer not in timers or timers[timer]["fired_at"] is None:
            yield f"timer {timer} has done its work and is not marked"
    for timer, row in timers.items():
        if row["fired_at"] is not None and not fired[timer]:
            yield f"timer {timer} is marked and has done nothing"
    for thing in _rows(world, "complaints", "thing"):
        if thing["state"] != "resolved":
            yield f"ticket {thing['id']} stands at {thing['state']} without a timer"
