"""What is done with cases: opened by a message, closed by a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.intake.cases import store
from services.intake.cases.model import CASE, Case, Desk, case_number
from shared.contracts.events.case_closed import CaseClosed
from shared.contracts.events.case_opened import CaseOpened
from shared.kernel.errors import NotFound
from shared.kernel.ids import derived_id
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork


async def prepare(uow: UnitOfWork, count: int) -> Desk:
    """The desk for so many cases. Whoever called this writes at the end what was opened (`store.add`)."""
    if count == 0:
        return Desk((), Counter(), iter(()))
    agents = [agent for agent in await directory.with_role(uow, "agent") if directory.is_here(agent, uow.now)]
    open_cases = await store.open_per_handler(uow, [agent.staff_id for agent in agents])
    return Desk(agents, Counter(open_cases), iter(await store.next_numbers(uow, count)))


def open_case(
    uow: UnitOfWork,
    desk: Desk,
    *,
    message_id: UUID,
    party_id: UUID,
    address_id: str | None,
    channel: str,
    received_at: datetime,
) -> UUID:
    """Opens the case of a message under a number with a check digit and gives it to an agent. Returns its id."""
    case = Case(
        id=derived_id("case", message_id),
        number=case_number(uow.now.year, next(desk.numbers)),
        message_id=message_id,
        party_id=party_id,
        address_id=address_id,
        channel=channel,
        state=CASE.step("new", "open").target,
        handler_id=desk.next_handler(),
        opened_at=uow.now,
    )
    desk.opened.append(case)
    uow.publish(
        CaseOpened(
            case_id=case.id,
            message_id=message_id,
            number=case.number,
            party_id=party_id,
            address_id=address_id,
            channel=channel,
            handler_id=case.handler_id,
            opened_at=case.opened_at,
            received_at=received_at,
        ),
        about=[party_id, *([address_id] if address_id else [])],
    )
    return case.id


async def close_case(uow: UnitOfWork, case_id: UUID, *, by: UUID) -> Case:
    """Closes a case that has been answered. Raises NotFound, Refused(`case-state`)."""
    case = await store.get(uow, case_id, lock=True)
    if case is None:
        raise NotFound("case")
    row = CASE.step(case.state, "close")
    closed = replace(case, state=row.target, closed_at=uow.now, closed_by=by, version=case.version + 1)
    await store.save(uow, closed)
    uow.publish(
        CaseClosed(case_id=case.id, party_id=case.party_id, closed_by=by, closed_at=uow.now), about=[case.party_id]
    )
    uow.audit(by, "close", "case", case.id)
    return closed


async def read_case(uow: UnitOfWork, case_id: UUID) -> Case:
    """A case. Raises NotFound."""
    case = await store.get(uow, case_id)
    if case is None:
        raise NotFound("case")
    return case
