"""What goes over the routes of receptions: form, level, budget, exemptions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from services.intake.approvals.schemas import Currency
from services.intake.budgets.commands import Plan
from services.intake.budgets.model import Exemption, Finding, Planned, Verdict
from services.intake.budgets.store import Budget
from services.intake.forms.model import Form
from services.intake.forms.schemas import FormRequest
from services.intake.levels.model import Judgement
from services.intake.standards.model import Code, Minor
from services.intake.visits.revising import Amendment
from services.intake.visits.schemas import ApplicationRequest, Reason, VisitView, WishRequest
from shared.kernel.money import Money
from shared.web.schemas import Answer, Request


class ReceptionRequest(ApplicationRequest):
    """The whole application of a reception (FM-01)."""

    kind: Literal["reception"] = "reception"
    form: FormRequest


class ReceptionWish(WishRequest):
    """A returned reception, mended. Without a form the one before holds."""

    form: FormRequest | None = None


class LevelRequest(Request):
    """A person's judgement. A level that the rules do not propose needs a reason."""

    level: Code
    host_rank: Code | None = None
    """Of the member of staff who comes along, where the set asks for it."""
    reason: Reason | None = None


class PlannedLine(Request):
    """A planned cost, in minor units."""

    item: Code
    amount: Minor
    quantity: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """How many, of what is counted by pieces or bottles."""
    note: Annotated[str, Field(max_length=300)] | None = None


class BudgetRequest(Request):
    """The whole budget as it shall be."""

    currency: Currency = "CNY"
    bearer_department_id: UUID
    lines: tuple[PlannedLine, ...] = Field(max_length=100)

    def plan(self) -> Plan:
        """As the command takes it."""
        lines = tuple(
            Planned(line.item, Money(line.amount, self.currency), line.quantity, line.note) for line in self.lines
        )
        return Plan(lines, self.currency, self.bearer_department_id)


class AmendRequest(Request):
    """What is to be otherwise; what is not given stays. Dates are rescheduled."""

    purpose: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    head_count: Annotated[int, Field(ge=1, le=500)] | None = None
    form: FormRequest | None = None
    budget: BudgetRequest | None = None

    def amendment(self) -> Amendment:
        """As the command takes it."""
        plan = self.budget.plan() if self.budget else None
        return Amendment(self.purpose, self.head_count, self.form, plan)


class ExemptionRequest(Request):
    """Leave to spend more on an item than its cap (LV-04), in minor units."""

    item: Code
    up_to: Minor
    currency: Currency = "CNY"
    reason: Reason


class ExemptionView(Answer):
    """An exemption."""

    exemption_id: UUID
    visit_id: UUID
    item: str
    up_to: int
    currency: str
    level: str
    host_rank: str | None
    reason: str
    state: str
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None

    @classmethod
    def of(cls, one: Exemption) -> Self:
        """The exemption as it is told."""
        told = ("exemption_id", "up_to", "currency")
        same = {name: getattr(one, name) for name in cls.model_fields if name not in told}
        return cls(exemption_id=one.id, up_to=one.up_to.minor, currency=one.up_to.currency, **same)


class JudgementView(Answer):
    """What a person decided about the level, and what the rules had proposed."""

    number: int
    revision: int
    proposed: str
    because: tuple[str, ...]
    level: str
    host_rank: str | None
    reason: str | None
    judged_by: UUID
    judged_at: datetime

    @classmethod
    def of(cls, one: Judgement) -> Self:
        """The judgement as it is told."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class BudgetLineView(Answer):
    """A planned line and how it stands to its standard. `cap` is null where no figure binds, or none is known yet."""

    item: str
    amount: int
    quantity: int | None
    note: str | None
    cap: int | None
    finding: Finding | None
    """Null before a level is judged."""


class BudgetView(Answer):
    """A budget against its caps."""

    currency: str
    bearer_department_id: UUID
    planned: int
    lines: tuple[BudgetLineView, ...]

    @classmethod
    def of(cls, budget: Budget, verdict: Verdict | None) -> Self:
        """The budget as it is told."""
        checked = verdict.lines if verdict else (None,) * len(budget.plan)
        lines = tuple(
            BudgetLineView(
                item=line.item,
                amount=line.amount.minor,
                quantity=line.quantity,
                note=line.note,
                cap=held.cap.minor if held and held.cap is not None else None,
                finding=held.finding if held else None,
            )
            for line, held in zip(budget.plan, checked, strict=True)
        )
        return cls(
            currency=budget.currency,
            bearer_department_id=budget.bearer_department_id,
            planned=sum(line.amount.minor for line in budget.plan),
            lines=lines,
        )


class ReceptionView(Answer):
    """A visit with all that an approval of it looks at."""

    visit: VisitView
    form: Form
    standard_set: str
    edition: int
    proposed_level: str
    proposed_because: tuple[str, ...]
    judgements: tuple[JudgementView, ...]
    """The newest last; it counts."""
    budget: BudgetView | None
    exemptions: tuple[ExemptionView, ...]
