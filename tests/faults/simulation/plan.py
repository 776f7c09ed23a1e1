"""What a seed says: how many of what, which faults when, how time passes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from uuid import UUID

LOAD_SECONDS = 4.0
FAULT_SECONDS = 8.0
"""Faults fall into these first seconds; afterwards everything must come to rest by itself."""
LONGEST = 120.0

ROLES = ("api", "consumer", "relay", "clock")


@dataclass(frozen=True, slots=True)
class Act:
    """Something a person or an outside sender does at an instant."""

    at: float
    kind: str
    subject: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong at an instant. `steps`: at the n-th talk with the world after it."""

    at: float
    kind: str
    service: str
    role: str
    number: int
    steps: int
    seconds: float


@dataclass(slots=True)
class Plan:
    """Everything drawn before the run; the scheduler draws the rest as it goes."""

    seed: int
    rng: random.Random
    partitions: int = 2
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    parties: list[UUID] = field(default_factory=list)
    share_raising: int = 0
    haste: float = 0.5
    slow: float = 0.002
    skew: float = 0.0
    overtaking: float = 0.0
    """How likely a record comes onto its topic after later ones of its key."""
    refusing: float = 0.0
    """How likely the broker refuses an event of a ticket for ever."""


def plan(seed: int) -> Plan:
    """The same for the same seed."""
    rng = random.Random(seed)
    made = Plan(seed, rng)
    made.partitions = rng.choice((1, 2, 3))
    made.share_raising = rng.choice((0, 0, 100, 300))
    made.haste = rng.choice((0.2, 0.5, 0.9))
    made.slow = rng.choice((0.002, 0.01, 0.05))
    made.skew = rng.choice((0.0, 0.3))
    made.overtaking = rng.choice((0.0, 0.0, 0.0, 0.15))
    made.refusing = rng.choice((0.0,) * 9 + (0.2,))
    for service in ("intake", "complaints"):
        made.counts[service, "api"] = 1
        for role in ("consumer", "relay", "clock"):
            made.counts[service, role] = rng.choice((1, 1, 2))
    made.parties = [_id(rng) for _ in range(rng.choice((1, 2, 3)))]
    made.acts = sorted(_acts(rng, len(made.parties)), key=lambda act: act.at)
    made.faults = [_fault(rng) for _ in range(rng.choice((0, 1, 2, 3, 4)))]
    if {"reuse", "noise"} & {act.kind for act in made.acts}:
        # What outsiders wrote is in no outbox: nobody can bring it back.
        made.faults = [fault for fault in made.faults if fault.kind != "wipe"]
    return made


def _acts(rng: random.Random, parties: int) -> list[Act]:
    acts = [
        # Some parties are told of late: what names them must wait.
        Act(rng.random() * (0.2 if rng.random() < 0.6 else LOAD_SECONDS), "change", number)
        for number in range(parties)
    ]
    for _ in range(rng.choice((1, 2, 3))):
        acts.append(Act(rng.random() * LOAD_SECONDS / 2, "report", rng.randrange(parties)))
    for _ in range(rng.choice((0, 1, 2))):
        acts.append(Act(rng.random() * LOAD_SECONDS, "change", rng.randrange(parties)))
    for _ in range(rng.choice((0, 1, 2, 3))):
        acts.append(Act(1.0 + rng.random() * LOAD_SECONDS, "step", rng.randrange(100)))
    if rng.random() < 0.3:
        acts.append(Act(rng.random() * LOAD_SECONDS, "erase", rng.randrange(parties)))
    if rng.random() < 0.15:
        acts.append(Act(1.0 + rng.random() * LOAD_SECONDS, "reuse", rng.randrange(100)))
    if rng.random() < 0.1:
        acts.append(Act(1.0 + rng.random() * LOAD_SECONDS, "noise", rng.randrange(100)))
    return acts


_FAULTS = (
    *("kill",) * 6,
    *("stop",) * 4,
    "terminate",
    "database",
    "broker",
    "rebalance",
    "replay",
    "repeat",
    "leave",
    "compact",
    "wipe",
)


def _fault(rng: random.Random) -> Fault:
    return Fault(
        at=rng.random() * FAULT_SECONDS * 0.9,
        kind=rng.choice(_FAULTS),
        service=rng.choice(("intake", "complaints")),
        role=rng.choice(ROLES),
        number=rng.randrange(2),
        steps=rng.randrange(1, 14),
        seconds=rng.choice((0.3, 1.0, 3.5, 5.5, 9.0, 16.0)) * (0.5 + rng.random() / 2),
    )


def _id(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)
