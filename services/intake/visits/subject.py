"""What of a visit is to be approved, as its route and its approvers look at it."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from services.intake.approvals.model import Subject
from services.intake.visits.model import Visit


def subject_of(visit: Visit) -> Subject:
    """The present revision, with all that an approval depends on."""
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


def snapshot_of(visit: Visit) -> dict[str, Any]:
    """What an approver decides about, as it stands: people by id only, so that it may be kept for ever."""
    return {
        "revision": visit.revision,
        "kind": visit.kind,
        "party_id": str(visit.party_id),
        "host_id": str(visit.host_id),
        "department_id": str(visit.department_id),
        "head_count": visit.head_count,
        "arrival": visit.arrival.astimezone(UTC).isoformat(),
        "departure": visit.departure.astimezone(UTC).isoformat(),
    }
