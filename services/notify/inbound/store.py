"""The table `inbound` and its queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Table, Uuid, or_, text, update
from sqlalchemy.dialects.postgresql import insert

from services.notify.inbound.model import Kind
from services.notify.providers.result import Channel
from services.notify.tables import instant, notify, words
from shared.store.unit_of_work import UnitOfWork

inbound = Table(
    "inbound",
    notify,
    Column("id", Uuid, primary_key=True),
    words("channel"),
    words("provider_id"),
    words("kind"),
    words("address_id"),
    words("address", nullable=True),
    words("our_address"),
    words("text", nullable=True),
    words("mail_id", nullable=True),
    Column("thread_id", Uuid),
    instant("received_at"),
)
_c = inbound.c

_MAIL_IDS = "mail-ids"
_MAILS = text("SELECT id, mail_id FROM inbound WHERE id = ANY(:wanted)")


async def add(
    uow: UnitOfWork,
    inbound_id: UUID,
    *,
    channel: Channel,
    provider_id: str,
    kind: Kind,
    address_id: str,
    address: str,
    our_address: str,
    text: str,
    mail_id: str | None,
    thread_id: UUID | None,
    received_at: datetime,
) -> bool:
    """Stores an inbound message; False where it is here already."""
    result = await uow.execute(
        insert(inbound)
        .values(
            id=inbound_id,
            channel=channel,
            provider_id=provider_id,
            kind=kind,
            address_id=address_id,
            address=address,
            our_address=our_address,
            text=text,
            mail_id=mail_id,
            thread_id=thread_id,
            received_at=received_at,
        )
        .on_conflict_do_nothing()
        .returning(_c.id)
    )
    return result.first() is not None


async def mail_id(uow: UnitOfWork, inbound_id: UUID) -> str | None:
    """The `Message-ID` of a mail that came in, so that our answer stands beneath it."""
    if inbound_id not in uow.gathered.get(_MAIL_IDS, {}):
        await gather_mail_ids(uow, (inbound_id,))
    found: str | None = uow.gathered[_MAIL_IDS][inbound_id]
    return found


async def gather_mail_ids(uow: UnitOfWork, inbound_ids: Iterable[UUID | None]) -> None:
    """Looks up the `Message-ID` of many at once; `mail_id` has them at hand in this unit of work."""
    wanted = sorted({each for each in inbound_ids if each is not None})
    if not wanted:
        return
    found = {row.id: row.mail_id for row in await uow.execute(_MAILS, {"wanted": wanted})}
    uow.gathered.setdefault(_MAIL_IDS, {}).update({each: found.get(each) for each in wanted})


async def erase(uow: UnitOfWork, address_ids: Sequence[str], thread_ids: Sequence[UUID]) -> None:
    """Forgets words and addresses of what came from these addresses or answered these threads."""
    await uow.execute(
        update(inbound)
        .where(or_(_c.address_id.in_(address_ids), _c.thread_id.in_(thread_ids)))
        .values(address=None, text=None, mail_id=None)
    )
