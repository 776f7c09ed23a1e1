"""What is waited for while an approval waits: reminding the approver, and giving it up."""

from __future__ import annotations

from uuid import UUID

from services.intake.approvals.model import Subject
from services.intake.settings import settings
from shared.store.unit_of_work import UnitOfWork

REMIND_APPROVER = "visit-remind-approver"
EXPIRE_APPROVAL = "visit-expire-approval"


def set_all(uow: UnitOfWork, subject: Subject, step: int) -> None:
    """From the moment in which a step waits: a reminder, again and again, and an end at the latest on arrival."""
    remind_again(uow, subject.visit_id, subject.revision, step)
    ends = min(uow.now + settings().approval_expires_after, subject.arrival)
    uow.schedule(EXPIRE_APPROVAL, subject.visit_id, ends, revision=subject.revision, step=step)


def remind_again(uow: UnitOfWork, visit_id: UUID, revision: int, step: int) -> None:
    """The next reminder of a step that waits."""
    due = uow.now + settings().approval_reminder_after
    uow.schedule(REMIND_APPROVER, visit_id, due, revision=revision, step=step)


def cancel_all(uow: UnitOfWork, visit_id: UUID) -> None:
    """Nothing waits any more."""
    for kind in (REMIND_APPROVER, EXPIRE_APPROVAL):
        uow.cancel(kind, visit_id)
