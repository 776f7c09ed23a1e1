"""What of a visit is to be approved, as its route and its approvers look at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

from services.intake.approvals.model import Subject
from services.intake.budgets.snapshot import snapshot_of as costs_of
from services.intake.forms.model import agreed
from services.intake.visits.model import Visit
from services.intake.visits.reception import Reception, reception_of
from shared.store.unit_of_work import UnitOfWork


async def subject_of(uow: UnitOfWork, visit: Visit) -> Subject:
    """The present revision, with all that an approval depends on. Raises Refused as `reception_of` does."""
    return _of(visit, await reception_of(uow, visit)) if visit.template.level else plain(visit)


async def approvable(uow: UnitOfWork, visit: Visit) -> Subject:
    """The same, where nothing forbids to approve it (LV-04).

    Raises Refused: `cells-unconfirmed`, `budget-blocked` (409), and as `subject_of` does.
    """
    if not visit.template.level:
        return plain(visit)
    reception = await reception_of(uow, visit)
    reception.lines.require_confirmed()
    reception.verdict.require_clear()
    return _of(visit, reception)


def plain(visit: Visit) -> Subject:
    """A visit by itself, without level and money."""
    return Subject(
        visit_id=visit.id,
        revision=visit.revision,
        kind=visit.kind,
        requester_id=visit.requester_id,
        host_id=visit.host_id,
        department_id=visit.department_id,
        arrival=visit.arrival,
        snapshot=snapshot_of(visit),
    )


def snapshot_of(visit: Visit, reception: Reception | None = None) -> dict[str, Any]:
    """What an approver decides about, as it stands: people by id only, so that it may be kept for ever."""
    plain = {
        "revision": visit.revision,
        "kind": visit.kind,
        "party_id": str(visit.party_id),
        "host_id": str(visit.host_id),
        "department_id": str(visit.department_id),
        "head_count": visit.head_count,
        "arrival": visit.arrival.astimezone(UTC).isoformat(),
        "departure": visit.departure.astimezone(UTC).isoformat(),
    }
    if reception is None:
        return plain
    bearer = reception.budget.bearer_department_id
    costs = costs_of(reception.lines, reception.verdict, bearer=bearer)
    return plain | {"form": agreed(reception.form), "costs": costs}


def _of(visit: Visit, reception: Reception) -> Subject:
    return replace(
        plain(visit),
        snapshot=snapshot_of(visit, reception),
        scale=reception.form.scale,
        level_rank=reception.lines.level_rank,
        total=reception.verdict.planned,
    )
