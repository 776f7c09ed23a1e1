"""The level of a visit (VR-04): a proposal by the set's own rules, and what a person makes of it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from services.intake.standards.kinds import CustomerClass, Organisation
from services.intake.standards.model import Outline, Proposal
from shared.kernel.errors import Refused

ORGANISATIONS: dict[Organisation, tuple[str, str]] = {
    "company": ("企业", "Company"),
    "key-account": ("大客户", "Major customer"),
    "national-government": ("国家机关", "National government"),
    "provincial-government": ("省级政府", "Provincial government"),
    "city-government": ("地市单位", "Prefecture or city"),
    "national-institute": ("国家级科研机构", "National institute"),
    "university": ("高校", "University"),
    "bank": ("银行", "Bank"),
    "other": ("其他", "Other"),
}
"""The kinds of organisation that somebody may come from: code → what people read, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rules look at: what is known of the guests when they are judged."""

    titles: tuple[str, ...] = ()
    organisation: Organisation | None = None
    customer_class: CustomerClass | None = None
    guests: int = 1


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the rules propose. `row`: which of them, from 0, None where none fits; `because`: what it asked for."""

    level: str
    row: int | None
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person decided. The newest of a visit counts; older ones stay. Titles are not kept, they are people's."""

    visit_id: UUID
    number: int
    revision: int
    set_id: UUID
    proposed: str
    proposed_by_row: int | None
    because: tuple[str, ...]
    level: str
    host_rank: str | None
    reason: str | None
    judged_by: UUID
    judged_at: datetime


def propose(outline: Outline, evidence: Evidence) -> Proposed:
    """The highest level that a rule proposes, by the first of the rules that do; else the lowest level there is."""
    rank = {level.code: level.rank for level in outline.levels}
    fitting = [row for row, rule in enumerate(outline.proposals) if _holds(rule, evidence)]
    if not fitting:
        return Proposed(min(rank, key=lambda code: rank[code]), None, ())
    row = max(fitting, key=lambda each: (rank[outline.proposals[each].level], -each))
    rule = outline.proposals[row]
    return Proposed(rule.level, row, tuple(name for name, asked, _ in _conditions(rule, evidence) if asked))


def check_judgement(
    outline: Outline, proposed: Proposed, level: str, host_rank: str | None, reason: str | None
) -> None:
    """A person may decide otherwise than the rules, and says why then. Sets with ranks of hosts need one.

    Raises Refused: `level-unknown`, `host-rank-unknown`, `reason-missing` (422).
    """
    levels = [each.code for each in outline.levels]
    if level not in levels:
        raise Refused("level-unknown", status=422, field="level", expected=f"one of {', '.join(levels)}")
    ranks = [each.code for each in outline.host_ranks]
    if (host_rank is not None or ranks) and host_rank not in ranks:
        raise Refused("host-rank-unknown", status=422, field="host_rank", expected=f"one of {', '.join(ranks)}")
    if level != proposed.level and not reason:
        raise Refused(
            "reason-missing",
            status=422,
            field="reason",
            expected=f"why the level is not the proposed one, {proposed.level}",
        )


def _holds(rule: Proposal, evidence: Evidence) -> bool:
    return all(holds for _, asked, holds in _conditions(rule, evidence) if asked)


def _conditions(rule: Proposal, evidence: Evidence) -> Iterator[tuple[str, bool, bool]]:
    """(name, whether the rule asks for it, whether it holds)."""
    yield "title", bool(rule.titles), any(_is_one_of(title, rule) for title in evidence.titles)
    yield "organisation", bool(rule.organisations), evidence.organisation in rule.organisations
    yield "customer-class", bool(rule.customer_classes), evidence.customer_class in rule.customer_classes
    yield "guests", rule.guests_from is not None, evidence.guests >= (rule.guests_from or 0)


def _is_one_of(title: str, rule: Proposal) -> bool:
    return _names(title, rule.titles) and not _names(title, rule.titles_not)


def _names(title: str, words: Collection[str]) -> bool:
    plain = _plain(title)
    return any(_word(word).search(plain) for word in words)


@cache
def _word(word: str) -> re.Pattern[str]:
    # Chinese runs words together; a Latin word stands alone, or "lead" would be found in "leader".
    return re.compile(rf"(?<![a-z]){re.escape(_plain(word))}(?![a-z])")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
