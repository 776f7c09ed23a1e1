"""The figures, a row each: what is measured, against whom, and what must hold. `results.py` judges by these rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Of = Literal["ours", "ratio_peer", "ratio_limit"]


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on one of a figure's numbers; `least` False makes it the most that it may be."""

    of: Of
    bound: float
    least: bool = True

    def met(self, value: float | None) -> bool:
        """Whether `value` keeps the bound; a number that was not measured keeps none."""
        return value is not None and (value >= self.bound if self.least else value <= self.bound)

    def __str__(self) -> str:
        sign = "≥" if self.least else "≤"
        of = {"ours": "", "ratio_peer": " × peer", "ratio_limit": " × limit"}[self.of]
        return f"{sign} {self.bound:g}{of}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `contest` is the module that measures it, `measure` the value's name in its outcomes."""

    id: str
    contest: str
    measure: str
    what: str
    unit: str
    peer: str
    limit: str
    must: tuple[Goal, ...]
    aim: tuple[Goal, ...] = ()


def _at_least(of: Of, bound: float) -> Goal:
    return Goal(of, bound)


def _at_most(of: Of, bound: float) -> Goal:
    return Goal(of, bound, least=False)


_P1_INTAKE = "FastAPI, ORM, a commit per request"
_P1_WHOLE = "P1's whole path"

FIGURES = (
    Figure(
        "B1",
        "b1_intake_rate",
        "rate",
        "intake, durable 202 at 32 connections, one worker",
        "/s",
        _P1_INTAKE,
        "FastAPI with no database",
        must=(_at_least("ratio_peer", 4), _at_least("ratio_limit", 0.5)),
        aim=(_at_least("ratio_peer", 5), _at_least("ratio_limit", 0.7)),
    ),
    Figure(
        "B2",
        "b2_intake_latency",
        "p99",
        "intake at 200 a second, p99",
        "ms",
        _P1_INTAKE,
        "one statement with asyncpg",
        must=(_at_most("ratio_peer", 0.6),),
        aim=(_at_most("ratio_peer", 0.35),),
    ),
    Figure(
        "B2.p50",
        "b2_intake_latency",
        "p50",
        "intake at 200 a second, p50",
        "ms",
        _P1_INTAKE,
        "one statement with asyncpg",
        must=(_at_most("ratio_peer", 0.6),),
        aim=(_at_most("ratio_peer", 0.35),),
    ),
    Figure(
        "B3",
        "b3_relay_drain",
        "rate",
        "relay, drain of a backlog",
        "/s",
        "outbox polled, SKIP LOCKED 100, send and wait",
        "same bytes, same producer, no database",
        must=(_at_least("ratio_peer", 10), _at_least("ratio_limit", 0.4)),
        aim=(_at_least("ratio_limit", 0.8),),
    ),
    Figure(
        "B4",
        "b4_relay_latency",
        "p99",
        "commit → readable on the topic at 200 a second, p99",
        "ms",
        "outbox polled each second",
        "one produce",
        must=(_at_most("ours", 25),),
        aim=(_at_most("ours", 10),),
    ),
    Figure(
        "B5",
        "b5_consumer",
        "rate",
        "consumer, backlog → inbox, domain, outbox rows committed",
        "/s",
        "stock Faust agent, a transaction per event",
        "plain aiokafka getmany, the same transaction",
        must=(_at_least("ratio_peer", 20), _at_least("ratio_limit", 0.5)),
        aim=(_at_least("ratio_limit", 0.8),),
    ),
    Figure(
        "B6",
        "b6_no_op",
        "rate",
        "reactions that do nothing",
        "/s",
        "stock Faust agent that does nothing",
        "plain aiokafka getmany that does nothing",
        must=(_at_least("ratio_peer", 2),),
        aim=(_at_least("ratio_peer", 4),),
    ),
    Figure(
        "B7",
        "b7_whole_path_rate",
        "rate",
        "whole path, HTTP → mail accepted, highest rate with p99 ≤ 1 s",
        "/s",
        f"{_P1_WHOLE} (highest rate that it keeps up with)",
        "slowest single stage",
        must=(_at_least("ratio_peer", 3),),
        aim=(_at_least("ratio_peer", 5), _at_least("ratio_limit", 0.75)),
    ),
    Figure(
        "B8",
        "b8_whole_path_latency",
        "p99",
        "whole path at 20 a second, p99",
        "ms",
        _P1_WHOLE,
        "sum of the stages",
        must=(_at_most("ours", 150),),
        aim=(_at_most("ours", 50),),
    ),
    Figure(
        "B8.p50",
        "b8_whole_path_latency",
        "p50",
        "whole path at 20 a second, p50",
        "ms",
        _P1_WHOLE,
        "sum of the stages",
        must=(),
        aim=(_at_most("ours", 15),),
    ),
    Figure(
        "B9",
        "b9_mail",
        "rate",
        "mails to a fast local sink",
        "/s",
        "a connection per mail",
        "bare asyncio client",
        must=(_at_least("ratio_peer", 2),),
        aim=(_at_least("ratio_limit", 0.85),),
    ),
    Figure(
        "B10",
        "b10_start",
        "warm",
        "warm start until every role is ready",
        "s",
        "ten plain processes, servers running already",
        "",
        must=(_at_most("ours", 15),),
        aim=(_at_most("ours", 6),),
    ),
    Figure(
        "B10.cold",
        "b10_start",
        "cold",
        "cold start: no data, jars and wheels there",
        "s",
        "ten plain processes, servers running already",
        "",
        must=(),
    ),
    Figure(
        "B10.idle",
        "b10_start",
        "idle_mb",
        "memory of our processes at rest (PSS)",
        "MB",
        "ten plain processes",
        "",
        must=(_at_most("ours", 600),),
        aim=(_at_most("ours", 350),),
    ),
    Figure(
        "B10.busy",
        "b7_whole_path_rate",
        "busy_mb",
        "memory of our processes at B7's rate (PSS)",
        "MB",
        _P1_WHOLE,
        "",
        must=(_at_most("ours", 600),),
        aim=(_at_most("ours", 350),),
    ),
)


def contests(only: frozenset[str] = frozenset()) -> dict[str, list[Figure]]:
    """Contest → its figures, in the order of the table; `only` names figures (`B2` stands for `B2.p50` too)."""
    chosen: dict[str, list[Figure]] = {}
    for figure in FIGURES:
        if not only or figure.id in only or figure.id.partition(".")[0] in only:
            chosen.setdefault(figure.contest, []).append(figure)
    return chosen
