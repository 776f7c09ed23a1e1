"""What kind of message something is, and what follows from it: quiet hours, caps, consent, fallback, doubt.

The table is the rule; notify sends by it and callbacks' phone calls obey its quiet hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Category(StrEnum):
    """Why somebody is written to."""

    URGENT = "urgent"
    ANSWER = "answer"
    """To a person's own contact within the last `ANSWER_WINDOW`."""
    SERVICE = "service"
    REMINDER = "reminder"
    SURVEY = "survey"
    MARKETING = "marketing"


class QuietRule(StrEnum):
    """What quiet hours do to a message."""

    PASSES = "passes"
    DEFERRED = "deferred"
    DEFERRED_OR_DROPPED = "deferred-or-dropped"
    """Deferred; dropped where it would come too late, and then a member of staff gets a task."""


class ConsentRule(StrEnum):
    """Which refusal of the recipient stops a message."""

    NONE = "none"
    CHANNEL = "channel"
    CATEGORY = "category"


class Fallback(StrEnum):
    """What happens when a message cannot be brought to its recipient."""

    OTHER_CHANNEL_THEN_TASK = "other-channel-then-task"
    OTHER_CHANNEL = "other-channel"
    STAFF_TASK = "staff-task"
    NONE = "none"


class DoubtRule(StrEnum):
    """What happens when a provider never answered, so that nobody knows whether it was sent."""

    REPEAT_ONCE = "repeat-once"
    """One repeat after `REPEAT_AFTER`, marked as a repeat."""
    UNCONFIRMED = "unconfirmed"
    """Never repeated; without a receipt within `UNCONFIRMED_AFTER` it ends as `sent_unconfirmed`."""
    NO_REPEAT = "no-repeat"


ANSWER_WINDOW = timedelta(minutes=30)
REPEAT_AFTER = timedelta(seconds=60)
UNCONFIRMED_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """One row. `useful_for` None: as long as what it tells of, which the notice itself says."""

    quiet: QuietRule
    capped: bool
    consent: ConsentRule
    useful_for: timedelta | None
    fallback: Fallback
    in_doubt: DoubtRule


CATEGORIES: dict[Category, CategoryRule] = {
    Category.URGENT: CategoryRule(
        quiet=QuietRule.PASSES,
        capped=False,
        consent=ConsentRule.NONE,
        useful_for=timedelta(minutes=15),
        fallback=Fallback.OTHER_CHANNEL_THEN_TASK,
        in_doubt=DoubtRule.REPEAT_ONCE,
    ),
    Category.ANSWER: CategoryRule(
        quiet=QuietRule.PASSES,
        capped=False,
        consent=ConsentRule.NONE,
        useful_for=timedelta(hours=1),
        fallback=Fallback.OTHER_CHANNEL,
        in_doubt=DoubtRule.REPEAT_ONCE,
    ),
    Category.SERVICE: CategoryRule(
        quiet=QuietRule.DEFERRED,
        capped=False,
        consent=ConsentRule.CHANNEL,
        useful_for=None,
        fallback=Fallback.OTHER_CHANNEL,
        in_doubt=DoubtRule.UNCONFIRMED,
    ),
    Category.REMINDER: CategoryRule(
        quiet=QuietRule.DEFERRED_OR_DROPPED,
        capped=True,
        consent=ConsentRule.CHANNEL,
        useful_for=None,
        fallback=Fallback.STAFF_TASK,
        in_doubt=DoubtRule.NO_REPEAT,
    ),
    Category.SURVEY: CategoryRule(
        quiet=QuietRule.DEFERRED,
        capped=True,
        consent=ConsentRule.CATEGORY,
        useful_for=timedelta(days=3),
        fallback=Fallback.NONE,
        in_doubt=DoubtRule.NO_REPEAT,
    ),
    Category.MARKETING: CategoryRule(
        quiet=QuietRule.DEFERRED,
        capped=True,
        consent=ConsentRule.CATEGORY,
        useful_for=timedelta(days=3),
        fallback=Fallback.NONE,
        in_doubt=DoubtRule.NO_REPEAT,
    ),
}


@dataclass(frozen=True, slots=True)
class QuietPeriod:
    """A daily span of local time, from `start` up to, not including, `end`; over midnight where `end` is earlier.

    Equal bounds mean that it is never quiet.
    """

    start: time
    end: time

    def contains(self, at: time) -> bool:
        """Whether the local time `at` is quiet."""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def end_after(self, local: datetime) -> datetime:
        """The end of the period that `local` lies in, in UTC."""
        over_midnight = self.start > self.end and local.time() >= self.start
        day = local.date() + timedelta(days=1 if over_midnight else 0)
        # `fold`: in the hour that daylight saving repeats, the end of the same pass, never one that is over.
        return datetime.combine(day, self.end.replace(fold=local.fold), tzinfo=local.tzinfo).astimezone(UTC)


QUIET_HOURS = QuietPeriod(time(21), time(8))
"""Our default; local time of the recipient."""

MIDDAY_REST = QuietPeriod(time(12), time(14))
"""Our default; binds phone calls only."""


def next_allowed(
    instant: datetime, zone: ZoneInfo, category: Category, quiet: Sequence[QuietPeriod] = (QUIET_HOURS,)
) -> datetime:
    """The first moment from `instant` on, in UTC, at which a recipient in `zone` may be written to.

    Staff on duty are exempt: do not ask for them. Whether a deferred message still has a use is `useful_for`'s matter.
    """
    if CATEGORIES[category].quiet is QuietRule.PASSES:
        return instant.astimezone(UTC)
    return after_quiet(instant, zone, quiet)


def next_call_allowed(
    instant: datetime, zone: ZoneInfo, quiet: Sequence[QuietPeriod] = (QUIET_HOURS, MIDDAY_REST)
) -> datetime:
    """The first moment from `instant` on, in UTC, at which somebody in `zone` may be called by phone."""
    return after_quiet(instant, zone, quiet)


def after_quiet(instant: datetime, zone: ZoneInfo, quiet: Sequence[QuietPeriod]) -> datetime:
    """The first moment from `instant` on that lies in none of the `quiet` periods, in UTC.

    Raises ValueError where the periods leave no minute of the day.
    """
    moment = instant.astimezone(UTC)
    for _ in range(2 * len(quiet) + 1):
        local = moment.astimezone(zone)
        period = next((period for period in quiet if period.contains(local.time())), None)
        if period is None:
            return moment
        moment = period.end_after(local)
    raise ValueError("the quiet periods cover the whole day")
