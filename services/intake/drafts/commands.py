"""Keeping a draft: any JSON object may be saved, only a whole application is handed in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from services.intake.drafts import store
from services.intake.drafts.model import MOST_DRAFTS, Draft, Kind, addresses_in
from services.intake.parties.model import Address
from services.intake.settings import settings
from services.intake.visits.machine import VISIT
from shared.kernel.errors import NotFound, Refused
from shared.messaging.reactions import Timer, TimerHandler
from shared.store.unit_of_work import UnitOfWork
from shared.web.fields import Email, Phone

PURGE_DRAFT = "visit-draft-purge"

_SPELLED: dict[Literal["phone", "email"], TypeAdapter[str]] = {
    "phone": TypeAdapter(Phone),
    "email": TypeAdapter(Email),
}


async def draft(uow: UnitOfWork, kind: Kind, content: dict[str, Any], *, by: UUID) -> Draft:
    """A new draft, thrown away when nobody has saved it for a while. Raises Refused(`too-many-drafts`, 409)."""
    VISIT.step("new", "draft")
    if await store.count(uow, by) >= MOST_DRAFTS:
        raise Refused("too-many-drafts", expected=f"at most {MOST_DRAFTS} drafts at a time")
    one = Draft(
        id=uow.new_id("visit-draft"),
        owner_id=by,
        kind=kind,
        content=content,
        address_ids=_address_ids(content),
        created_at=uow.now,
        saved_at=uow.now,
    )
    await store.add(uow, one)
    _await_purge(uow, one.id)
    return one


async def save(uow: UnitOfWork, draft_id: UUID, content: dict[str, Any], *, version: int, by: UUID) -> Draft:
    """What the draft says now, instead of what was seen under `version`.

    Raises NotFound, also for other people's drafts, and Refused(`draft-outdated`, 409).
    """
    one = await owned(uow, draft_id, by)
    if one.version != version:
        raise Refused("draft-outdated", field="version", expected=f"the present version, {one.version}")
    saved = replace(one, content=content, address_ids=_address_ids(content), saved_at=uow.now, version=one.version + 1)
    await store.save(uow, saved)
    _await_purge(uow, one.id)
    return saved


async def take(uow: UnitOfWork, draft_id: UUID, *, by: UUID) -> Draft:
    """The draft is handed in, or thrown away: it is gone, and returned for the last time. Raises NotFound."""
    one = await owned(uow, draft_id, by)
    await store.remove(uow, one.id)
    uow.cancel(PURGE_DRAFT, one.id)
    return one


async def owned(uow: UnitOfWork, draft_id: UUID, by: UUID) -> Draft:
    """A draft of `by`, locked. Raises NotFound: nobody learns of other people's drafts."""
    one = await store.get(uow, draft_id, lock=True)
    if one is None or one.owner_id != by:
        raise NotFound("draft")
    return one


async def purge(uow: UnitOfWork, timer: Timer) -> None:
    """Nobody has saved it for so long (domain: 90 days)."""
    VISIT.step("draft", "purge")
    await store.remove(uow, timer.subject_id)


TIMERS = (TimerHandler(PURGE_DRAFT, purge),)


def _await_purge(uow: UnitOfWork, draft_id: UUID) -> None:
    uow.schedule(PURGE_DRAFT, draft_id, uow.now + settings().draft_purge_after)


def _address_ids(content: dict[str, Any]) -> tuple[str, ...]:
    secret = settings().address_secret.get_secret_value().encode()
    ids = set()
    for kind, typed in addresses_in(content):
        try:
            ids.add(Address.of(secret, kind, _SPELLED[kind].validate_python(typed)).address_id)
        except ValidationError:  # not an address yet, so nobody's
            continue
    return tuple(sorted(ids))
