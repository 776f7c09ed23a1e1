"""Judging a visit's level. What a judgement opens in the visit's own course is the visit's matter."""

from __future__ import annotations

from uuid import UUID

from services.intake.levels import store
from services.intake.levels.model import Evidence, Judgement, check_judgement, propose
from services.intake.standards.model import StandardSet
from shared.kernel.errors import Refused
from shared.store.unit_of_work import UnitOfWork


async def judge(
    uow: UnitOfWork,
    visit_id: UUID,
    *,
    revision: int,
    standard_set: StandardSet,
    evidence: Evidence,
    level: str,
    host_rank: str | None = None,
    reason: str | None = None,
    by: UUID,
) -> Judgement:
    """A person's judgement beside what the rules propose; the caller has locked the visit.

    From now on the visit goes by exactly this edition of the set, whatever is published later (LV-06). Raises Refused:
    `standard-set-missing` (409), and as `check_judgement` does.
    """
    if standard_set.state != "published":
        raise Refused("standard-set-missing", expected=f"a published edition of {standard_set.code}")
    proposed = propose(standard_set.outline, evidence)
    check_judgement(standard_set.outline, proposed, level, host_rank, reason)
    before = await store.newest(uow, visit_id)
    judgement = Judgement(
        visit_id=visit_id,
        number=1 + (before.number if before else 0),
        revision=revision,
        set_id=standard_set.id,
        proposed=proposed.level,
        proposed_by_row=proposed.row,
        because=proposed.because,
        level=level,
        host_rank=host_rank,
        reason=reason,
        judged_by=by,
        judged_at=uow.now,
    )
    await store.add(uow, judgement)
    uow.audit(
        by,
        "judge-level",
        "visit",
        visit_id,
        revision=revision,
        proposed=proposed.level,
        before=before.level if before else None,
        after=level,
    )
    return judgement
