"""What may not lead back to itself: a department above itself, a manager above themself, a substitute of oneself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from services.intake.directory.model import Member

_Window = tuple[UUID, datetime, datetime | None]


def leads_back(start: UUID, next_of: Callable[[UUID], UUID | None]) -> bool:
    """Whether following `next_of` from `start` comes to `start` again."""
    seen: set[UUID] = set()
    here = next_of(start)
    while here is not None and here not in seen:
        if here == start:
            return True
        seen.add(here)
        here = next_of(here)
    return False


def is_own_manager(start: UUID, members: Mapping[UUID, Member]) -> bool:
    """Whether somebody would be above themself."""
    return leads_back(start, lambda id_: members[id_].manager_id if id_ in members else None)


def stands_in_for_self(start: UUID, members: Mapping[UUID, Member]) -> bool:
    """Whether somebody's substitutes would lead back to them: the usual ones, or those of absences at one time.

    Two people may stand in for each other by their absences, as long as they are not away together.
    """
    if leads_back(start, lambda id_: members[id_].substitute_id if id_ in members else None):
        return True
    waiting: list[_Window] = list(_stand_ins(members, start, None, None))
    seen: set[_Window] = set()
    while waiting:
        window = waiting.pop()
        if window in seen:
            continue
        seen.add(window)
        person, starts, ends = window
        if person == start:
            return True
        waiting.extend(_stand_ins(members, person, starts, ends))
    return False


def _stand_ins(
    members: Mapping[UUID, Member], person: UUID, starts: datetime | None, ends: datetime | None
) -> Iterable[_Window]:
    """(substitute, from, until) of each time within the window in which `person` is away; no start: at any time."""
    known = members.get(person)
    for away in known.absences if known else ():
        substitute = away.substitute_id or known.substitute_id if known else None
        if substitute is None or (starts is not None and not away.meets(starts, ends)):
            continue
        until = [each for each in (away.ends, ends) if each is not None]
        yield substitute, max(away.starts, starts or away.starts), min(until, default=None)
