"""Routes, the steps that a request takes on its route, and what a decision is about. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.intake.standards.model import Code, Part, Words
from shared.kernel.errors import Refused
from shared.kernel.money import Money

Scale = Literal["general", "major"]
Command = Literal["approve", "return", "reject"]
Who = Literal[
    "superior", "department-manager", "administration-manager", "general-manager", "assistant-to-general-manager"
]
"""Whom a step asks: the requester's direct superior, the head of the host's department, or whoever has that role."""

MOST_STEPS = 12


class Above(Part):
    """An amount in minor units; a step with one is taken only by what costs more."""

    minor: int = Field(ge=0)
    currency: str = Field(pattern="^[A-Z]{3}$")


class Step(Part):
    """One step of a route. A condition that is not said holds always; all that are said must hold."""

    who: Who
    above: Above | None = None
    from_level_rank: int | None = None
    """Taken only at levels of this rank and higher."""
    scale: Scale | None = None
    delegable: bool = False
    """Whether who is asked may have delegated such decisions, up to an amount (AP-03)."""


class Route(Part):
    """One way to an approval, as its file has it."""

    code: Code
    names: Words
    kinds: tuple[str, ...]
    """The kinds of visit that may take it."""
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MOST_STEPS)
    applicants: tuple[str, ...] = ()
    """Roles of which a requester needs one (AP-02); empty: anybody here."""
    major: str | None = None
    """The route that major receptions take in place of this one (AP-04)."""
    informed: tuple[Who, ...] = ()
    """Who hears of the approval and files it, assists or prepares."""

    @model_validator(mode="after")
    def _always_asks_somebody(self) -> Self:
        if all(step.above or step.from_level_rank is not None or step.scale for step in self.steps):
            raise ValueError("a route needs a step without a condition: something would be approved by nobody")
        return self


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be approved: one revision of a visit, and all that its route looks at.

    `snapshot` is what an approver decides about, as it stands: JSON, people by id only, to be kept for ever.
    `total`: the planned cost, None where nothing was planned.
    """

    visit_id: UUID
    revision: int
    kind: str
    requester_id: UUID | None
    host_id: UUID
    department_id: UUID
    arrival: datetime
    snapshot: dict[str, Any]
    scale: Scale = "general"
    level_rank: int | None = None
    total: Money | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's decision about exactly one revision. `acting_for`: whose substitute or delegate the approver is.

    `plan`: the steps that the request takes, as its `route` had them when it was asked; `digest`: SHA-256 in hex of the
    snapshot.
    """

    visit_id: UUID
    revision: int
    step: int
    route: str
    plan: tuple[Step, ...]
    role: str
    approver_id: UUID
    acting_for: UUID | None
    delegation_id: UUID | None
    state: str
    snapshot: dict[str, Any]
    digest: str | None
    requested_at: datetime
    reason: str | None = None
    decided_at: datetime | None = None
    decided_by: UUID | None = None

    @property
    def steps(self) -> int:
        """How many the request takes."""
        return len(self.plan)


@dataclass(frozen=True, slots=True)
class Delegation:
    """`delegate_id` decides in the place of `principal_id` what costs at most `cap`, from `starts` to before `ends`.

    With a `department_id` only what is asked of that department.
    """

    id: UUID
    principal_id: UUID
    delegate_id: UUID
    department_id: UUID | None
    cap: Money
    starts: datetime
    ends: datetime | None
    given_at: datetime
    ended_at: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        """Whether it may be used at that instant."""
        return self.ended_at is None and self.starts <= at and (self.ends is None or at < self.ends)

    def covers(self, department_id: UUID, total: Money | None) -> bool:
        """Whether it reaches as far; what has no planned cost costs nothing, and other currencies are not compared."""
        if self.department_id not in (None, department_id):
            return False
        return total is None or (total.currency == self.cap.currency and total <= self.cap)


def steps_of(route: Route, subject: Subject) -> tuple[Step, ...]:
    """The steps that this subject takes, in their order.

    An amount in another currency than the step's counts as above it: nobody compares them here.
    """
    return tuple(step for step in route.steps if _taken(step, subject))


def check_applicant(route: Route, roles: Collection[str]) -> None:
    """Whether somebody with these roles may apply on this route (AP-02). Raises Refused(`may-not-apply`, 403)."""
    if route.applicants and not set(route.applicants) & set(roles):
        raise Refused(
            "may-not-apply", status=403, expected=f"somebody with one of the roles {', '.join(route.applicants)}"
        )


def _taken(step: Step, subject: Subject) -> bool:
    return (
        (step.above is None or _is_above(step.above, subject.total))
        and (step.from_level_rank is None or (subject.level_rank or 0) >= step.from_level_rank)
        and (step.scale is None or step.scale == subject.scale)
    )


def _is_above(limit: Above, total: Money | None) -> bool:
    if total is None:
        return False
    return total.currency != limit.currency or total.minor > limit.minor
