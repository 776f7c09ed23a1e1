"""May this message go out now? Decided from facts, without I/O; the table of categories is the rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.notify.messages.model import Message
from shared.kernel.categories import (
    ANSWER_WINDOW,
    CATEGORIES,
    Category,
    ConsentRule,
    DoubtRule,
    Fallback,
    QuietPeriod,
    after_quiet,
    next_allowed,
)

ALL = "*"
"""A refusal of everything that consent can stop."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at the moment of sending. Counts are of the recipient's address."""

    erased: bool
    refused: frozenset[str]
    capped_today: int
    """SMS under the cap since the recipient's midnight."""
    acknowledgements: int
    """Other automatic acknowledgements within the hour before this one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the message now: `go`, `defer` until an instant, or an end; `reason` is a stable word."""

    what: Literal["go", "defer", "suppress", "expire"]
    reason: str | None = None
    until: datetime | None = None


def decide(
    message: Message,
    facts: Facts,
    now: datetime,
    *,
    quiet: QuietPeriod,
    cap: int,
    most_acknowledgements: int,
) -> Verdict:
    """The first rule that stops the message wins; a deferral beyond its use ends it at once."""
    if facts.erased or message.address is None:
        return Verdict("suppress", "erased")
    if message.expires_at <= now:
        return Verdict("expire", message.waits_for or "useless")
    if message.recipient_kind == "staff":
        return Verdict("go")
    if refuses(facts.refused, Category(message.category)):
        return Verdict("suppress", "no-consent")
    if facts.acknowledgements >= most_acknowledgements:
        return Verdict("suppress", "answering-machine")
    zone = ZoneInfo(message.zone)
    allowed = next_allowed(now, zone, Category(message.category), (quiet,))
    if allowed > now:
        return _defer(message, allowed, "quiet-hours")
    if is_capped(message) and facts.capped_today >= cap:
        tomorrow = next_midnight(now, zone)
        return _defer(message, after_quiet(tomorrow, zone, (quiet,)), "cap")
    return Verdict("go")


def refuses(refused: frozenset[str], category: Category) -> bool:
    """Whether refusals stop a message of `category`."""
    match CATEGORIES[category].consent:
        case ConsentRule.NONE:
            return False
        case ConsentRule.CHANNEL:
            return ALL in refused
        case ConsentRule.CATEGORY:
            return bool(refused & {ALL, category.value})


def is_capped(message: Message) -> bool:
    """Whether the daily cap of SMS per address counts this message."""
    return message.channel == "sms" and CATEGORIES[Category(message.category)].capped


ACKNOWLEDGED_WITHIN = timedelta(hours=1)
"""Of acknowledgements older than this nothing is counted."""

CAPPED = tuple(category.value for category, rule in CATEGORIES.items() if rule.capped)


def may_repeat(category: str) -> bool:
    """Whether a message in doubt is sent once more."""
    return CATEGORIES[Category(category)].in_doubt is DoubtRule.REPEAT_ONCE


def falls_back(category: str) -> bool:
    """Whether a failed message is told again over the other channel."""
    rule = CATEGORIES[Category(category)].fallback
    return rule in (Fallback.OTHER_CHANNEL, Fallback.OTHER_CHANNEL_THEN_TASK)


def useful_for(category: str) -> timedelta | None:
    """How long a message of this category is of use; None where what it tells of says it."""
    return CATEGORIES[Category(category)].useful_for


def category_now(category: str, caused_at: datetime, now: datetime) -> str:
    """An answer is one only within half an hour of the person's own contact; later it is a service."""
    if category == Category.ANSWER and now - caused_at > ANSWER_WINDOW:
        return Category.SERVICE.value
    return category


def midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the recipient's day."""
    return datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone)


def next_midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the recipient's next day."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), tzinfo=zone)


def _defer(message: Message, until: datetime, why: str) -> Verdict:
    return Verdict("expire", why) if until >= message.expires_at else Verdict("defer", why, until)
