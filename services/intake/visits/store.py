"""Table and queries of visits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, ColumnElement, Table, bindparam, func, or_, select, true, union, update

from services.intake.approvals.store import visit_approval
from services.intake.tables import identifier, instant, metadata, number, words
from services.intake.visits.model import TO_RECEIVE, Visit
from shared.security.rows import Rows
from shared.store.pages import newest_first
from shared.store.unit_of_work import UnitOfWork

visit = Table(
    "visit",
    metadata,
    identifier("id", primary_key=True),
    words("kind"),
    words("state"),
    number("revision"),
    identifier("party_id"),
    words("address_id", nullable=True),
    Column("asked_by_guest", Boolean, nullable=False),
    identifier("requester_id", nullable=True),
    identifier("host_id"),
    identifier("department_id"),
    words("purpose"),
    number("head_count"),
    instant("arrival"),
    instant("departure"),
    words("zone"),
    words("short_notice_reason", nullable=True),
    words("cancelled_because", nullable=True),
    instant("arrived_at", nullable=True),
    instant("departed_at", nullable=True),
    Column("departure_assumed", Boolean, nullable=False),
    instant("home_arrival", nullable=True),
    words("callback_outcome", nullable=True),
    instant("closed_at", nullable=True),
    instant("created_at"),
    words("company", nullable=True),
    words("level", nullable=True),
    number("approved_revision", nullable=True),
    words("guest_kind", nullable=True),
    words("identity", nullable=True),
    number("version"),
)


# Built once: to build a statement of thirty columns takes longer than to run it.
_SAVE = update(visit).where(visit.c.id == bindparam("of")).values({c.name: bindparam(c.name) for c in visit.c})
_GET = select(visit).where(visit.c.id == bindparam("of"))
_GET_LOCKED = _GET.with_for_update()


async def add(uow: UnitOfWork, one: Visit) -> None:
    """Stores a new visit."""
    uow.insert(visit, **asdict(one))


async def get(uow: UnitOfWork, visit_id: UUID, *, lock: bool = False) -> Visit | None:
    """A visit by id."""
    row = (await uow.execute(_GET_LOCKED if lock else _GET, {"of": visit_id})).mappings().one_or_none()
    return None if row is None else Visit(**row)


async def save(uow: UnitOfWork, one: Visit) -> None:
    """Writes a changed visit."""
    await uow.execute(_SAVE, {"of": one.id, **asdict(one)})


@dataclass(frozen=True, slots=True)
class Sought:
    """What visits are looked for by; None: by anything.

    `company`: how its name begins; `since` and before `until`: the arrival.
    """

    state: str | None = None
    kind: str | None = None
    host_id: UUID | None = None
    department_id: UUID | None = None
    level: str | None = None
    company: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """As the database takes them."""
        same = ("state", "kind", "host_id", "department_id", "level")
        found = [visit.c[name] == value for name in same if (value := getattr(self, name)) is not None]
        if self.company is not None:
            found.append(func.lower(visit.c.company).startswith(self.company.lower(), autoescape=True))
        if self.since is not None:
            found.append(visit.c.arrival >= self.since)
        if self.until is not None:
            found.append(visit.c.arrival < self.until)
        return found


async def by_arrival(uow: UnitOfWork, rows: Rows, sought: Sought, *, before: UUID | None, limit: int) -> list[Visit]:
    """The visits within reach, the latest arrival first, after the page that ended with `before`.

    Each way to reach a visit gives its own page, by an index of its own; the whole page is the first of all of these.
    """
    pages = [
        newest_first(select(visit.c.id).where(way, *sought.conditions), visit, "arrival", before=before, limit=limit)
        for way in _ways(rows)
    ]
    ids = union(*(select(page.subquery().c.id) for page in pages)).subquery()
    query = select(visit).join(ids, ids.c.id == visit.c.id)
    found = await uow.execute(newest_first(query, visit, "arrival", before=None, limit=limit))
    return [Visit(**row) for row in found.mappings()]


async def is_within(uow: UnitOfWork, rows: Rows, visit_id: UUID) -> bool:
    """Whether this visit is within reach."""
    found = await uow.execute(select(visit.c.id).where(visit.c.id == visit_id, or_(*_ways(rows))))
    return found.first() is not None


async def hosted(uow: UnitOfWork, host_id: UUID, *, before: datetime | None, limit: int) -> list[Visit]:
    """Visits that `host_id` is to receive, locked, the next first; `before`: those that begin before that instant."""
    query = (
        select(visit)
        .where(visit.c.host_id == host_id, visit.c.state.in_(TO_RECEIVE))
        .order_by(visit.c.arrival, visit.c.id)
        .limit(limit)
        .with_for_update()
    )
    if before is not None:
        query = query.where(visit.c.arrival < before)
    return [Visit(**row) for row in (await uow.execute(query)).mappings()]


async def erase_words(uow: UnitOfWork, party_id: UUID) -> list[UUID]:
    """Blanks what people wrote about a party's visits, and returns their ids."""
    gone = update(visit).where(visit.c.party_id == party_id)
    blank = gone.values(purpose="", company=None, short_notice_reason=None, cancelled_because=None)
    return list((await uow.execute(blank.returning(visit.c.id))).scalars())


def _ways(rows: Rows) -> list[ColumnElement[bool]]:
    """How a permission reaches visits; one way is enough. Whoever hosts, asked, or was asked to decide takes part."""
    if rows.everything:
        return [true()]
    asked = select(visit_approval.c.visit_id).where(visit_approval.c.approver_id == rows.staff_id)
    own = [visit.c.host_id == rows.staff_id, visit.c.requester_id == rows.staff_id, visit.c.id.in_(asked)]
    return [visit.c.department_id.in_(rows.departments), *own] if rows.departments else own
