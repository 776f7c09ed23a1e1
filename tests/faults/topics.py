"""What really lies on the topics, read by an independent client: what was sent again, and what is out of order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from shared.contracts.topics import TOPICS

_POLL_MS = 500


@dataclass(slots=True)
class TopicScan:
    """Reads on from where it stopped. A record is known by (topic, source, key, sequence), a fact by its id."""

    bootstrap: str
    records: int = 0
    again: int = 0
    """Records that were there before: what relays sent once more."""
    inverted: Counter[str] = field(default_factory=Counter)
    """Topic → numbers whose first record came after that of a later number of the same thing."""
    _at: dict[TopicPartition, int] = field(default_factory=dict)
    _highest: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _seen: set[tuple[str, str, str]] = field(default_factory=set)

    def read_on(self) -> None:
        """To the present end of every topic."""
        reader = KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
        try:
            places = [
                TopicPartition(name, number) for name in TOPICS for number in reader.partitions_for_topic(name) or ()
            ]
            ends = reader.end_offsets(places)
            reader.assign(places)
            starts = reader.beginning_offsets(places)
            for place in places:
                reader.seek(place, max(self._at.get(place, 0), starts[place]))
            while any(reader.position(place) < ends[place] for place in places):
                for place, found in reader.poll(timeout_ms=_POLL_MS, max_records=5000).items():
                    for record in found:
                        self._note(place.topic, record)
            self._at = {place: reader.position(place) for place in places}
        finally:
            reader.close()

    def _note(self, topic: str, record: Any) -> None:
        headers = {name: value.decode() for name, value in record.headers if value is not None}
        if "ce_id" not in headers:
            return  # somebody else's, in structured mode, or no event at all
        self.records += 1
        source, event_id = headers.get("ce_source", ""), headers["ce_id"]
        if (topic, source, event_id) in self._seen:
            self.again += 1
            return
        self._seen.add((topic, source, event_id))
        if "ce_sequence" not in headers:
            return
        thing, number = (topic, source, headers.get("ce_partitionkey", "")), int(headers["ce_sequence"])
        if number < self._highest.get(thing, 0):
            self.inverted[topic] += 1
        self._highest[thing] = max(number, self._highest.get(thing, 0))
