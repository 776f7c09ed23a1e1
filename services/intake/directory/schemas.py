"""What goes over the directory's routes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.intake.directory.model import ROLES, Department, Member
from shared.security.passwords import MAX_LENGTH
from shared.web.fields import Email, Instant, Phone, Zone
from shared.web.schemas import Answer, Request
from shared.web.seen import opened_by, seen_by

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A short name for programs and sheets: of a department, of an area."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
Language = Literal["zh-CN", "en"]


def _roles(roles: tuple[str, ...]) -> tuple[str, ...]:
    if not ROLES.issuperset(roles):
        raise PydanticCustomError("staff_roles", "not roles of ours")
    return tuple(sorted(set(roles)))


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


Roles = Annotated[tuple[str, ...], Field(max_length=30), AfterValidator(_roles)]
Areas = Annotated[tuple[Code, ...], Field(max_length=200), AfterValidator(_each_once)]


class TokenRequest(Request):
    """E-mail address and password of a member of staff."""

    email: Email
    password: str = Field(min_length=1, max_length=MAX_LENGTH, repr=False)


class TokenAnswer(Answer):
    """A staff token (RFC 6750)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    """Seconds."""


class Changes(Request):
    """Some of a thing's fields; what is not sent stays as it is, null takes away what need not be there."""

    needed: ClassVar[frozenset[str]] = frozenset()
    """Fields that the thing always has."""

    @model_validator(mode="after")
    def _takes_nothing_needed(self) -> Self:
        if any(getattr(self, name) is None for name in self.needed & self.model_fields_set):
            raise PydanticCustomError("change_needed", "a field that is always there was taken away")
        return self

    def values(self) -> dict[str, Any]:
        """What was sent, by field."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class DepartmentRequest(Request):
    """A new department."""

    code: Code
    name: Name
    parent_id: UUID | None = None
    head_id: UUID | None = None


class DepartmentChanges(Changes):
    """What is to be different."""

    needed = frozenset({"code", "name"})

    code: Code | None = None
    name: Name | None = None
    parent_id: UUID | None = None
    head_id: UUID | None = None


class DepartmentView(Answer):
    """A node of the tree."""

    department_id: UUID
    code: str
    name: str
    parent_id: UUID | None
    head_id: UUID | None
    state: str
    version: int

    @classmethod
    def of(cls, one: Department) -> Self:
        """The department as it is told."""
        same = {name: getattr(one, name) for name in cls.model_fields if name != "department_id"}
        return cls(department_id=one.id, **same)


class DepartmentList(Answer):
    """The whole tree, by code; `parent_id` says what lies below what."""

    items: tuple[DepartmentView, ...]


class StaffRequest(Request):
    """Somebody new."""

    email: Email
    name: Name
    department_id: UUID
    phone: Phone | None = None
    language: Language = "zh-CN"
    zone: Zone = "Asia/Shanghai"
    manager_id: UUID | None = None
    substitute_id: UUID | None = None
    roles: Roles = ()
    weight: int = Field(default=1, ge=0, le=9999)
    areas: Areas = ()


class StaffChanges(Changes):
    """What is to be different."""

    needed = frozenset({"email", "name", "department_id", "language", "zone", "roles", "weight", "areas"})

    email: Email | None = None
    name: Name | None = None
    department_id: UUID | None = None
    phone: Phone | None = None
    language: Language | None = None
    zone: Zone | None = None
    manager_id: UUID | None = None
    substitute_id: UUID | None = None
    roles: Roles | None = None
    weight: int | None = Field(default=None, ge=0, le=9999)
    areas: Areas | None = None


class AbsenceRequest(Request):
    """From when until when somebody is away; without an end nobody knows yet."""

    starts: Instant
    ends: Instant | None = None
    substitute_id: UUID | None = None
    """Who stands in this time; the usual substitute, if not given."""


class AbsenceView(Answer):
    """A present or future absence."""

    absence_id: UUID
    starts: datetime
    ends: datetime | None
    substitute_id: UUID | None


class StaffView(Answer):
    """A member of staff."""

    staff_id: UUID
    email: str
    name: str
    state: str
    phone: str | None = opened_by("staff.read-contact")
    language: str
    zone: str
    department_id: UUID
    manager_id: UUID | None
    substitute_id: UUID | None
    roles: tuple[str, ...]
    weight: int
    areas: tuple[str, ...]
    absences: tuple[AbsenceView, ...]
    version: int

    @classmethod
    def of(cls, one: Member, may: Callable[[str], bool]) -> Self:
        """The person as told to somebody who `may` see what some permission opens, of this very person."""
        same = {name: getattr(one, name) for name in cls.model_fields if name not in ("staff_id", "absences")}
        absences = tuple(
            AbsenceView(absence_id=each.id, starts=each.starts, ends=each.ends, substitute_id=each.substitute_id)
            for each in one.absences
        )
        return seen_by(cls(staff_id=one.id, absences=absences, **same), may)


class StaffList(Answer):
    """Members of staff, by id."""

    items: tuple[StaffView, ...]
    next: UUID | None
    """Give it as `after` for the next page; null on the last."""
