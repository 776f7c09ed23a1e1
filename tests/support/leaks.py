"""Looks for people's data where none may be: every spelling of every word, in all that a house tells of itself."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import orjson
from kafka import KafkaConsumer, TopicPartition

from deploy.local.layout import SERVICES
from shared.contracts.topics import TOPICS
from tests.support.house import House
from tests.support.otlp import Received

_HELD = "SELECT consumer, source, topic, key, event_id, type, about, needs, state, reason, code_version FROM held"
_TABLES = {
    "held events": _HELD,
    "the audit trail": "SELECT * FROM audit",
    "timers": "SELECT * FROM timer",
    "the outbox's headers": "SELECT id, aggregatetype, aggregateid, type, headers, about, stuck_reason FROM outbox",
    "the inbox": "SELECT * FROM inbox",
}


@dataclass(frozen=True, slots=True)
class Told:
    """Bytes that somebody without the right may come to see, and where they stand."""

    where: str
    content: bytes


def spellings(word: str) -> frozenset[bytes]:
    """How a word may look after a log, a header, a URL or a dump had it; for numbers also without the country."""
    texts = {word, word.lower()}
    if word.startswith("+86"):
        national = word.removeprefix("+86")
        texts |= {
            word[1:],
            national,
            f"{national[:3]} {national[3:7]} {national[7:]}",
            f"{national[:3]}-{national[3:7]}",
        }
    found: set[bytes] = set()
    for each in texts:
        plain = each.encode()
        wide = each.encode("utf-16-be")
        escaped = each.encode("unicode_escape")
        found |= {plain, escaped, quote(each).encode(), quote_plus(each).encode(), repr(plain)[2:-1].encode()}
        found |= {orjson.dumps(each)[1:-1], escaped.replace(b"\\u", b"\\\\u")}
        for raw in (plain, wide):
            found |= {raw.hex().encode(), raw.hex().upper().encode(), *_in_base64(raw)}
        found.add(wide)
    return frozenset(found)


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """The word's own signs in base64, whatever stands before it: three ways to fall on the groups of three bytes."""
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw)
        first = -(-offset * 4 // 3) if offset else 0
        last = (offset + len(raw)) // 3 * 4
        own = whole[first + (1 if offset else 0) : last]
        if len(own) >= 8:
            yield own


def found_in(told: Iterable[Told], words: Sequence[str]) -> list[str]:
    """Where any of the words stands, each place and word once; words go by their position, not to be told again."""
    wanted = [(number, spelling) for number, word in enumerate(words) for spelling in spellings(word)]
    hits = {
        f"word {number} in {each.where}" for each in told for number, spelling in wanted if spelling in each.content
    }
    return sorted(hits)


def everything_told(house: House, telemetry: Received) -> Iterator[Told]:
    """Logs of all processes, tables that hold no content, Kafka beside the personal values, spans and metrics."""
    for name, path in house.layout.log_files().items():
        yield Told(f"log {name}", path.read_bytes())
    for path in (path for path in house.layout.run.rglob("*") if path.is_file()):
        yield Told(f"state file {path.name}", path.read_bytes())
    for service in SERVICES:
        for what, query in _TABLES.items():
            for row in house.rows(service, query):
                yield Told(f"{what} of {service}", orjson.dumps(row, default=str))
    yield from _on_kafka(house)
    for body in list(telemetry.raw):
        yield Told("telemetry", body)


def _on_kafka(house: House) -> Iterator[Told]:
    """Keys and headers of every record; values where the topic is for everybody."""
    reader = KafkaConsumer(bootstrap_servers=house.kafka.bootstrap, auto_offset_reset="earliest")
    try:
        for topic in TOPICS.values():
            places = [TopicPartition(topic.name, number) for number in reader.partitions_for_topic(topic.name) or ()]
            reader.assign(places)
            reader.seek_to_beginning(*places)
            ends = reader.end_offsets(places)
            while any(reader.position(place) < end for place, end in ends.items()):
                for records in reader.poll(timeout_ms=1_000).values():
                    for record in records:
                        for name, value in (("key", record.key), *record.headers):
                            yield Told(f"{name} on {topic.name}", value or b"")
                        if not topic.personal:
                            yield Told(f"value on {topic.name}", record.value or b"")
    finally:
        reader.close()
