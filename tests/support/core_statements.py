"""The core's own statements with random parameters that meet each other's rows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.messaging import copying, held_retry, holding, inbox, lease, outbox, reacting, timers, watching
from shared.store import bulk, group_commit, outgoing, scheduling, tables
from shared.store.cause import Cause

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_KEYS = ("a", "b", "c")

Step = tuple[Any, dict[str, Any]]


class Draw:
    """Random statements of the core with parameters that meet each other's rows."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.number = 0

    def step(self) -> Step:
        """One statement with its parameters."""
        return self.rng.choice(
            (
                self.next_numbers, self.outbox_rows, self.unpublished, self.mark, self.stuck, self.lock_places,
                self.raise_places, self.new_facts, self.known_facts, self.hold, self.applied, self.next_due,
                self.state_arrived, self.due, self.needs_are_here, self.lock_copies, self.newer, self.here,
                self.timers, self.cancel, self.claim, self.fired, self.again, self.lease, self.claim_keys,
                self.all_or_nothing, self.queues, self.states, self.alarms,
            )
        )()  # fmt: skip

    def keys(self) -> list[str]:
        return sorted(self.rng.sample(_KEYS, self.rng.randint(1, 3)))

    def at(self) -> datetime:
        return NOW + timedelta(seconds=self.rng.randint(-3, 3))

    def rows(self, table: Any, suffix: str, rows: list[dict[str, Any]]) -> Step:
        columns = tuple(rows[0])
        values = {name: bulk._array(table, name, [row[name] for row in rows]) for name in columns}
        return bulk._statement(table, columns, suffix), values

    def next_numbers(self) -> Step:
        keys = self.keys()
        counts = [self.rng.randint(1, 3) for _ in keys]
        return outgoing._NEXT_NUMBERS, {"topics": ["tickets"] * len(keys), "keys": keys, "counts": counts}

    def outbox_rows(self) -> Step:
        return self.rows(tables.outbox, "", self.events())

    def events(self) -> list[dict[str, Any]]:
        rows = []
        for key in self.keys():
            self.number += 1
            rows.append(
                {
                    "id": f"e{self.number if self.rng.random() < 0.9 else 1}",
                    "aggregatetype": "tickets",
                    "aggregateid": key,
                    "type": "t",
                    "payload": self.rng.choice((b"{}", None)),
                    "headers": {"n": self.number},
                    "sequence": self.rng.choice((None, self.number)),
                    "about": [key],
                    "created_at": NOW,
                }
            )
        return rows

    def unpublished(self) -> Step:
        statement = self.rng.choice((outbox._UNPUBLISHED, outbox._NONE_STUCK))
        return statement, {"in_flight": [self.rng.randint(1, 9)], "limit": self.rng.randint(1, 5)}

    def mark(self) -> Step:
        holder = self.rng.choice(_KEYS)
        positions = [self.rng.randint(1, 15)]
        return outbox._MARK, {"now": NOW, "positions": positions, "lease": lease.RELAYS, "holder": holder}

    def stuck(self) -> Step:
        return outbox._STUCK, {"reason": "x", "position": self.rng.randint(1, 15)}

    def lock_places(self) -> Step:
        keys = self.keys()
        return inbox._LOCK, {"consumer": "c", "topic": "tickets", "sources": ["s"] * len(keys), "keys": keys}

    def raise_places(self) -> Step:
        keys = self.keys()
        numbers = [self.rng.randint(1, 5) for _ in keys]
        sources = ["s"] * len(keys)
        values = {"consumer": "c", "topic": "tickets", "sources": sources, "keys": keys}
        return inbox._RAISE, {**values, "lasts": numbers, "firsts": numbers}

    def new_facts(self) -> Step:
        ids = self.keys()
        hashes = [bytes([self.rng.randint(0, 3)]) for _ in ids]
        return inbox._NEW_FACTS, {
            "consumer": "c",
            "sources": ["s"] * len(ids),
            "ids": ids,
            "hashes": hashes,
            "now": NOW,
        }

    def known_facts(self) -> Step:
        ids = self.keys()
        return inbox._KNOWN_FACTS, {"consumer": "c", "sources": ["s"] * len(ids), "ids": ids}

    def hold(self) -> Step:
        kind = self.rng.choice(("sequenced", "fact", "unreadable"))
        self.number += 1
        row = {
            "consumer": "c",
            "source": "s",
            "topic": "tickets",
            "key": self.rng.choice(_KEYS),
            "sequence": self.rng.randint(1, 4) if kind == "sequenced" else None,
            "event_id": None if kind == "unreadable" else f"h{self.rng.randint(1, 4)}",
            "type": self.rng.choice((None, "t")),
            "partition": 0,
            "offset": self.rng.randint(1, 5),
            "record_key": b"k",
            "value": self.rng.choice((None, b"v")),
            "headers": [["a", "b"]],
            "about": [],
            "needs": self.rng.choice(([], [["parties", "a"]], [["parties", "b"], ["staff", "c"]])),
            "state": self.rng.choice(("waiting", "failed", "refused", "dead", "waiting", "waiting")),
            "reason": self.rng.choice(("gap", "unknown-type")),
            "tries": self.number,
            "next_try": self.rng.choice((None, self.at())),
            "code_version": "v",
            "held_at": NOW,
        }
        return self.rows(tables.held, holding._CONFLICTS[kind], [row])

    def queue(self) -> dict[str, Any]:
        keys = self.keys()
        lasts = [self.rng.randint(0, 3) for _ in keys]
        return {"consumer": "c", "topic": "tickets", "sources": ["s"] * len(keys), "keys": keys, "lasts": lasts}

    def applied(self) -> Step:
        return holding._APPLIED, self.queue()

    def next_due(self) -> Step:
        return holding._NEXT_DUE, {**self.queue(), "now": NOW}

    def queues(self) -> Step:
        return holding._QUEUES, {"consumer": "c", "topic": "tickets", "keys": self.keys()}

    def state_arrived(self) -> Step:
        return holding._STATE_ARRIVED, {"consumer": "c", "topic": "parties", "keys": self.keys(), "now": NOW}

    def due(self) -> Step:
        tried = [self.rng.randint(1, 9)]
        return held_retry._DUE, {"consumer": "c", "states": ["parties"], "tried": tried, "limit": 4}

    def needs_are_here(self) -> Step:
        return held_retry._NEEDS_ARE_HERE, {"consumer": "c"}

    def lock_copies(self) -> Step:
        return copying._LOCK, {"topic": "parties", "keys": self.keys()}

    def newer(self) -> Step:
        topic = self.rng.choice(("parties", "staff"))
        rows = [
            {
                "topic": topic,
                "key": key,
                "source": "s",
                "sequence": self.rng.randint(1, 6),
                "gone": (gone := self.rng.random() < 0.2),
                "body": None if gone else {"name": key, "n": [1, None, {"x": "é"}]},
                "changed_at": NOW,
            }
            for key in self.keys()
        ]
        return self.rows(tables.copy, copying._NEWER, rows)

    def here(self) -> Step:
        keys = self.keys()
        return reacting._HERE, {"topics": [self.rng.choice(("parties", "staff")) for _ in keys], "keys": keys}

    def timers(self) -> Step:
        rows = [
            {
                "kind": "k",
                "subject": key,
                "due": self.at(),
                "data": {"revision": self.rng.randint(1, 9)},
                "correlation_id": "x",
                "causation_id": None,
                "hops": 0,
                "traceparent": None,
                "tries": 0,
                "next_try": self.at(),
            }
            for key in self.keys()
        ]
        return self.rows(tables.timer, scheduling._MOVE, rows)

    def cancel(self) -> Step:
        keys = self.keys()
        return scheduling._CANCEL, {"kinds": ["k"] * len(keys), "subjects": keys}

    def claim(self) -> Step:
        return timers._CLAIM, {"kinds": ["k"], "limit": self.rng.randint(1, 3)}

    def fired(self) -> Step:
        return timers._FIRED, {"now": NOW, "reason": None, "ids": [self.rng.randint(1, 9)]}

    def again(self) -> Step:
        return timers._AGAIN, {"next_try": self.at(), "reason": "x", "id": self.rng.randint(1, 9)}

    def lease(self) -> Step:
        holder = self.rng.choice(_KEYS)
        if self.rng.random() < 0.3:
            return lease._GIVE_BACK, {"name": "relay", "holder": holder}
        # Never near its end: the two servers' clocks are not one.
        seconds = self.rng.choice((-1000.0, 1000.0))
        if self.rng.random() < 0.2:
            return lease._TAKE_AWAY, {"name": "relay", "seconds": seconds}
        return lease._TAKE, {"name": "relay", "holder": holder, "seconds": seconds}

    def states(self) -> Step:
        return watching._STATES, {}

    def alarms(self) -> Step:
        return watching._COUNT, {}

    def claim_keys(self) -> Step:
        return bulk.together([self.claims()], "SELECT caller, path, key FROM part_0", {})

    def all_or_nothing(self) -> Step:
        claims, events = self.claims(), bulk.Insert(tables.outbox, self.events())
        return bulk.together([claims, events], group_commit._ALL_OR_NOTHING, {"wanted": len(claims.rows)})

    def claims(self) -> bulk.Insert:
        first = {
            ("c", "p", key): group_commit.Entry(None, {"id": key}, Cause("c"), ("c", "p", key), b"h")
            for key in self.keys()
        }
        return group_commit._claims(first, self.rng.choice((NOW, NOW + timedelta(days=2))))
