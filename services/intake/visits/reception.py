"""What a visit with a level is held against: its form, its level, its budget, and the lines of its standard."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.intake.budgets import store as budget_store
from services.intake.budgets.model import Verdict, check
from services.intake.budgets.store import Budget
from services.intake.forms import store as forms
from services.intake.forms.model import Form
from services.intake.levels import store as levels
from services.intake.levels.model import Evidence, Judgement
from services.intake.parties import store as parties
from services.intake.standards import store as standards
from services.intake.standards.lines import Lines, Stay, lines
from services.intake.visits.model import Visit
from shared.kernel.errors import Refused
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Reception:
    """All of it, as it is now."""

    form: Form
    judgement: Judgement
    budget: Budget
    lines: Lines
    verdict: Verdict


async def form_of(uow: UnitOfWork, visit: Visit) -> Form:
    """The form of the present revision. Raises Refused(`form-missing`, 409) for kinds of visit without one."""
    form = await forms.get(uow, visit.id, visit.revision)
    if form is None:
        raise Refused("form-missing", expected="a visit of the kind reception")
    return form


async def evidence_of(uow: UnitOfWork, visit: Visit, form: Form) -> Evidence:
    """What the set's rules propose a level by."""
    party = await parties.get(uow, visit.party_id)
    customer_class = party.event().customer_class if party is not None else None
    return Evidence(form.titles, form.organisation, customer_class, visit.head_count)


async def lines_of(uow: UnitOfWork, visit: Visit, form: Form, judgement: Judgement, items: set[str]) -> Lines:
    """The lines at the visit's level of those of these items that its set knows."""
    goes_by = await standards.get(uow, judgement.set_id)
    assert goes_by is not None
    return lines(
        goes_by,
        await standards.cells(uow, goes_by.id, level=judgement.level),
        level=judgement.level,
        host_rank=judgement.host_rank,
        stay=stay_of(visit, form),
        items=[item.code for item in goes_by.outline.items if item.code in items],
    )


def stay_of(visit: Visit, form: Form) -> Stay:
    """How many come, and for how long. Raises Refused(`too-many-rooms`, 422)."""
    return Stay(visit.head_count, visit.nights, form.rooms, form.companions)


async def reception_of(uow: UnitOfWork, visit: Visit) -> Reception:
    """The whole of it. Raises Refused: `form-missing`, `level-missing`, `budget-missing` (409)."""
    form = await form_of(uow, visit)
    judgement = await level_of(uow, visit.id)
    budget = await budget_store.get(uow, visit.id, visit.revision)
    if budget is None:
        raise Refused("budget-missing", expected="a planned budget, if only an empty one")
    held_against = await lines_of(uow, visit, form, judgement, {line.item for line in budget.plan})
    verdict = check(held_against, budget.plan, await budget_store.exemptions(uow, visit.id))
    return Reception(form, judgement, budget, held_against, verdict)


async def level_of(uow: UnitOfWork, visit_id: UUID) -> Judgement:
    """The judgement that counts. Raises Refused(`level-missing`, 409)."""
    judgement = await levels.newest(uow, visit_id)
    if judgement is None:
        raise Refused("level-missing", expected="a judged level")
    return judgement
