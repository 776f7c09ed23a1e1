"""A visit's planned cost against its caps (AP-06, LV-04): a line above its cap needs an approved exemption. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.intake.standards.kinds import Bound
from services.intake.standards.lines import Line, Lines
from shared.kernel.errors import Refused
from shared.kernel.machine import Machine, Transition
from shared.kernel.money import Money, total

Finding = Literal["within", "open", "exempt", "over", "unconfirmed", "count-missing", "item-unknown", "currency"]

BLOCKING: frozenset[Finding] = frozenset({"over", "unconfirmed", "count-missing", "item-unknown", "currency"})
"""What keeps a budget from being approved."""

EXEMPTION = Machine(
    "budget-exemption",
    (
        Transition("new", "ask", "asked", by="visits.request"),
        Transition("asked", "grant", "granted", by="visits.decide"),
        Transition("asked", "refuse", "refused", by="visits.decide"),
        Transition("asked", "withdraw", "withdrawn", by="visits.request"),
        Transition("granted", "withdraw", "withdrawn", by="visits.request"),
    ),
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned cost line. `quantity`: how many of what the standard counts it by; needed for pieces and bottles."""

    item: str
    amount: Money
    quantity: int | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if self.quantity is not None and self.quantity < 1:
            raise ValueError("a quantity is one or more")


@dataclass(frozen=True, slots=True)
class Exemption:
    """Leave to spend more on an item of one visit than its cap, up to an amount. Only a granted one counts.

    It is bound to the level, the host's rank and the edition that it was asked under: with other caps it is asked anew.
    """

    id: UUID
    visit_id: UUID
    item: str
    up_to: Money
    set_code: str
    edition: int
    level: str
    host_rank: str | None
    reason: str
    state: str
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    version: int = 1

    @classmethod
    def asked(
        cls,
        lines: Lines,
        item: str,
        up_to: Money,
        *,
        exemption_id: UUID,
        visit_id: UUID,
        reason: str,
        by: UUID,
        at: datetime,
    ) -> Exemption:
        """What somebody asks for. Raises Refused: `item-unknown`, `currency-mixed` (422)."""
        if lines.line(item) is None:
            known = ", ".join(line.item for line in lines.lines)
            raise Refused("item-unknown", status=422, field="item", expected=f"one of {known}")
        if up_to.currency != lines.currency:
            raise Refused("currency-mixed", status=422, field="up_to", expected=f"amounts in {lines.currency}")
        return cls(
            id=exemption_id,
            visit_id=visit_id,
            item=item,
            up_to=up_to,
            set_code=lines.set_code,
            edition=lines.edition,
            level=lines.level,
            host_rank=lines.host_rank,
            reason=reason,
            state=EXEMPTION.step("new", "ask").target,
            asked_by=by,
            asked_at=at,
        )

    def followed(self, command: Literal["grant", "refuse", "withdraw"], *, by: UUID, at: datetime) -> Exemption:
        """As it is after `command`; nobody grants or refuses their own.

        Raises Refused: `budget-exemption-state` (409), `own-request` (403).
        """
        row = EXEMPTION.step(self.state, command)
        if command != "withdraw" and by == self.asked_by:
            raise Refused("own-request", status=403, expected="somebody other than the requester")
        return replace(self, state=row.target, decided_by=by, decided_at=at, version=self.version + 1)

    def covers(self, lines: Lines, item: str, amount: Money) -> bool:
        """Whether it lets so much be spent on `item` under these lines."""
        asked_under = (self.set_code, self.edition, self.level, self.host_rank)
        return (
            self.state == "granted"
            and self.item == item
            and asked_under == (lines.set_code, lines.edition, lines.level, lines.host_rank)
            and self.up_to.currency == amount.currency
            and amount <= self.up_to
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """One planned line and what its standard says of it. `cap` is what binds it, None where no figure does."""

    planned: Planned
    cap: Money | None
    finding: Finding


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every planned line in its order."""

    currency: str
    lines: tuple[Checked, ...]

    @property
    def blocking(self) -> tuple[Checked, ...]:
        """The lines that nobody may approve as they are."""
        return tuple(line for line in self.lines if line.finding in BLOCKING)

    @property
    def planned(self) -> Money:
        """The sum of all lines. Raises CurrencyMismatch where a line has another currency."""
        return total((line.planned.amount for line in self.lines), self.currency)

    def require_clear(self) -> None:
        """For approvals. Raises Refused(`budget-blocked`, 409) naming every line that stands in the way."""
        if self.blocking:
            named = ", ".join(f"{line.planned.item} ({line.finding})" for line in self.blocking)
            raise Refused("budget-blocked", expected=f"no line that is blocked: {named}")


def check(lines: Lines, plan: Sequence[Planned], exemptions: Iterable[Exemption] = ()) -> Verdict:
    """Holds a plan against its lines.

    Several planned lines of one item are held against its cap together, so that splitting one gains nothing; each
    that says a quantity also against its upper amount times that.
    """
    granted = tuple(exemptions)
    return Verdict(lines.currency, tuple(_checked(lines, plan, granted, planned) for planned in plan))


def _checked(lines: Lines, plan: Sequence[Planned], granted: Sequence[Exemption], planned: Planned) -> Checked:
    line = lines.line(planned.item)
    if planned.amount.currency != lines.currency:
        return Checked(planned, None, "currency")
    if line is None:
        return Checked(planned, None, "item-unknown")
    if line.bound is Bound.UNKNOWN:
        return Checked(planned, None, "unconfirmed")
    if line.bound is Bound.OPEN:
        return Checked(planned, None, "open")
    together = [each for each in plan if each.item == planned.item and each.amount.currency == lines.currency]
    whole = total((each.amount for each in together), lines.currency)
    cap = _cap(line, planned.quantity)
    if cap is None:
        finding: Finding = "count-missing"
    elif planned.amount <= cap and (line.cap is None or whole <= line.cap):
        finding = "within"
    else:
        finding = "over"
    if finding == "over" and any(one.covers(lines, planned.item, whole) for one in granted):
        finding = "exempt"
    return Checked(planned, cap, finding)


def _cap(line: Line, quantity: int | None) -> Money | None:
    """What binds a planned line of so many: never more than the standard counts. None where neither tells how many."""
    if line.upper is None:
        return line.cap
    counts = [count for count in (line.counted, quantity) if count is not None]
    return line.upper * min(counts) if counts else None
