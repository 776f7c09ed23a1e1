"""A member of staff with a token, as a service's copies know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete

from shared.contracts.event import Event
from shared.contracts.events.signing_key_published import SigningKeyPublished
from shared.contracts.events.staff_changed import StaffChanged
from shared.kernel import clock
from shared.kernel.ids import new_id
from shared.security.tokens import SigningKey, new_signing_key, sign
from shared.store.cause import Cause
from shared.store.database import Database
from shared.store.tables import copy
from shared.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody's place: who they are and what they send with each request."""

    staff_id: UUID
    key: SigningKey
    headers: dict[str, str]


async def seat(database: Database, *roles: str, active: bool = True, language: str = "en") -> Desk:
    """Makes a member of staff with `roles` and a key that signs for them."""
    staff_id, key, now = new_id(), new_signing_key(), clock.now()
    member = StaffChanged(
        staff_id=staff_id,
        name="Somebody",
        email=f"{staff_id}@frontdesk.example",
        department_id=new_id(),
        roles=roles,
        active=active,
        language=language,
    )
    published = SigningKeyPublished(key_id=key.key_id, public_key=key.public_key, not_after=now + timedelta(days=1))
    async with database.transaction(Cause.of_person()) as uow:
        await put_copy(uow, member)
        await put_copy(uow, published)
    token = sign(staff_id, key, now).token
    return Desk(staff_id, key, {"Authorization": f"Bearer {token}"})


async def put_copy(uow: UnitOfWork, event: Event) -> None:
    """Writes a copy as the consumer would."""
    await uow.execute(delete(copy).where(copy.c.topic == event.topic.name, copy.c.key == event.key_value))
    uow.insert(
        copy,
        topic=event.topic.name,
        key=event.key_value,
        source="/services/intake",
        sequence=1,
        gone=False,
        body=event.model_dump(mode="json"),
        changed_at=uow.now,
    )
