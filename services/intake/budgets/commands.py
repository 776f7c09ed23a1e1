"""Planning what a visit costs, and asking for leave to go above a cap (LV-04, AP-06)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.intake.budgets import store
from services.intake.budgets.model import Exemption, Planned, Verdict, check
from services.intake.budgets.store import Budget
from services.intake.standards.lines import Lines
from shared.kernel.errors import NotFound, Refused
from shared.kernel.money import Money
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

Decision = Literal["grant", "refuse"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody wants to spend, and which department bears it."""

    lines: tuple[Planned, ...]
    currency: str
    bearer_department_id: UUID


async def plan(uow: UnitOfWork, visit_id: UUID, revision: int, wanted: Plan, *, by: UUID) -> Budget:
    """The planned lines of a revision, instead of those before; the caller has locked the visit.

    A plan may be above its caps: only approving it is refused. Raises Refused: `department-unknown`,
    `currency-mixed` (422).
    """
    bearer = wanted.bearer_department_id
    if await directory.department(uow, bearer) is None:
        raise Refused("department-unknown", status=422, field="bearer_department_id", expected="id of a department")
    for place, line in enumerate(wanted.lines):
        if line.amount.currency != wanted.currency:
            expected = f"amounts in {wanted.currency}"
            raise Refused("currency-mixed", status=422, field=f"$.lines[{place}]", expected=expected)
    before = await store.get(uow, visit_id, revision)
    budget = Budget(
        visit_id=visit_id,
        revision=revision,
        bearer_department_id=bearer,
        currency=wanted.currency,
        planned_by=by,
        planned_at=uow.now,
        plan=wanted.lines,
        version=1 + (before.version if before else 0),
    )
    await store.save(uow, budget)
    uow.audit(
        by,
        "plan-budget",
        "visit",
        visit_id,
        revision=revision,
        before=[_said(line) for line in before.plan] if before else None,
        after=[_said(line) for line in budget.plan],
        bearer=str(bearer),
    )
    return budget


async def verdict(uow: UnitOfWork, visit_id: UUID, revision: int, lines: Lines) -> Verdict:
    """The revision's plan against its lines, with the exemptions that were granted. Raises NotFound(`budget`)."""
    budget = await store.get(uow, visit_id, revision)
    if budget is None:
        raise NotFound("budget")
    return check(lines, budget.plan, await store.exemptions(uow, visit_id))


async def ask_exemption(
    uow: UnitOfWork, visit_id: UUID, lines: Lines, item: str, up_to: Money, *, reason: str, by: UUID
) -> Exemption:
    """Asks for leave to spend more on an item than its cap. Raises Refused: `item-unknown`, `currency-mixed` (422)."""
    exemption = Exemption.asked(
        lines,
        item,
        up_to,
        exemption_id=uow.new_id("budget-exemption"),
        visit_id=visit_id,
        reason=reason,
        by=by,
        at=uow.now,
    )
    await store.add_exemption(uow, exemption)
    _audit(uow, by, "ask", exemption)
    return exemption


async def decide_exemption(uow: UnitOfWork, exemption_id: UUID, decision: Decision, *, by: UUID) -> Exemption:
    """Somebody else grants or refuses it; who that may be is for the approval's route.

    Raises NotFound, Refused: `budget-exemption-state` (409), `own-request` (403).
    """
    return await _follow(uow, exemption_id, decision, by)


async def withdraw_exemption(uow: UnitOfWork, exemption_id: UUID, *, by: UUID) -> Exemption:
    """It is not needed any more. Raises NotFound, Refused(`budget-exemption-state`)."""
    return await _follow(uow, exemption_id, "withdraw", by)


async def _follow(
    uow: UnitOfWork, exemption_id: UUID, command: Literal["grant", "refuse", "withdraw"], by: UUID
) -> Exemption:
    found = await store.get_exemption(uow, exemption_id, lock=True)
    if found is None:
        raise NotFound("budget-exemption")
    saved = found.followed(command, by=by, at=uow.now)
    await store.save_exemption(uow, saved)
    _audit(uow, by, command, saved)
    return saved


def _audit(uow: UnitOfWork, by: UUID, action: str, one: Exemption) -> None:
    uow.audit(
        by,
        f"{action}-exemption",
        "visit",
        one.visit_id,
        exemption=str(one.id),
        item=one.item,
        up_to=one.up_to.minor,
        currency=one.up_to.currency,
    )


def _said(line: Planned) -> dict[str, str | int | None]:
    return {"item": line.item, "minor": line.amount.minor, "quantity": line.quantity}
