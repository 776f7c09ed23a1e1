"""The topics: a row each. Classes, owners and readers; access lists and start-up checks are made from this table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

SERVICES = ("intake", "complaints", "callbacks", "notify")


class TopicClass(StrEnum):
    """How a topic's records are numbered, deduplicated and kept."""

    SEQUENCED = "sequenced"
    """A thing's own story: 1, 2, 3 … without a gap per (source, topic, key); never personal data."""
    STATE = "state"
    """Compacted full states: the newest number wins, a tombstone wins for ever, gaps mean nothing."""
    FACT = "fact"
    """Records that stand alone, known by (source, id)."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `thing` names what the key is the id of; `quiet` topics get few partitions in production too."""

    name: str
    kind: TopicClass
    thing: str
    producers: frozenset[str]
    consumers: frozenset[str]
    personal: bool = False
    quiet: bool = False
    retention: timedelta | None = None
    outside: bool = False
    """Whether channels that are not ours may write here, in CloudEvents' structured mode too."""


def _sequenced(name: str, thing: str, producer: str, *consumers: str) -> Topic:
    # 400 days: a new reader, or a dispute about last year's complaint, still finds the whole story.
    kept = timedelta(days=400)
    return Topic(name, TopicClass.SEQUENCED, thing, frozenset({producer}), frozenset(consumers), retention=kept)


def _state(name: str, thing: str, producer: str, *consumers: str, personal: bool = False, quiet: bool = True) -> Topic:
    owners = frozenset({producer})
    return Topic(name, TopicClass.STATE, thing, owners, frozenset(consumers), personal=personal, quiet=quiet)


def _fact(name: str, thing: str, producers: tuple[str, ...], *consumers: str, outside: bool = False) -> Topic:
    # Facts carry what people wrote: seven days is what a reader may be away, and no longer than erasure may take.
    kept = timedelta(days=7)
    return Topic(name, TopicClass.FACT, thing, frozenset(producers), frozenset(consumers), True, False, kept, outside)


# A state topic's owner reads it too: it notices there when a late relay has overwritten a newer record.
CHANNEL_MESSAGES = _fact("channel-messages", "message", ("intake", "notify", "callbacks"), "intake", outside=True)
PARTIES = _state("parties", "party", "intake", *SERVICES, personal=True, quiet=False)
STAFF = _state("staff", "member of staff", "intake", *SERVICES, personal=True)
DEPARTMENTS = _state("departments", "department", "intake", *SERVICES)
SIGNING_KEYS = _state("signing-keys", "signing key", "intake", *SERVICES)
CASES = _sequenced("cases", "case", "intake", "notify")
REPORTS = _fact("reports", "report", ("intake",), "complaints")
VISITS = _sequenced("visits", "visit", "intake", "notify", "callbacks")
TICKETS = _sequenced("tickets", "ticket", "complaints", "notify", "callbacks", "intake")
CALLBACKS = _sequenced("callbacks", "callback", "callbacks", "notify", "complaints", "intake")
MESSAGES = _sequenced("messages", "message", "notify", "callbacks")
REPLIES = _fact("replies", "thread", ("notify",), "callbacks")
CONSENTS = _state("consents", "address", "notify", "notify", "intake", "callbacks")

EVERY_SEQUENCED = Topic("every sequenced topic", TopicClass.SEQUENCED, "thing", frozenset(), frozenset())
"""No topic, but the place of events that the core itself writes to any sequenced topic."""

TOPICS = {
    topic.name: topic
    for topic in (
        CHANNEL_MESSAGES,
        PARTIES,
        STAFF,
        DEPARTMENTS,
        SIGNING_KEYS,
        CASES,
        REPORTS,
        VISITS,
        TICKETS,
        CALLBACKS,
        MESSAGES,
        REPLIES,
        CONSENTS,
    )
}
