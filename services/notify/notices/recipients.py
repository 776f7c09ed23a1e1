"""From an id to somebody who can be written to: name, language, zone, address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notify.messages.model import RecipientKind
from services.notify.providers.result import Channel
from shared.contracts.events.party_changed import PartyAddress, PartyChanged
from shared.kernel.ids import address_id
from shared.messaging import copies
from shared.security import directory
from shared.store.unit_of_work import UnitOfWork

_CHANNELS: dict[str, Channel] = {"phone": "sms", "email": "email"}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be written to, and where. `address` None: known, but there is no way to reach them."""

    kind: RecipientKind
    id: UUID
    name: str | None
    language: str
    zone: str
    channel: Channel
    address_id: str
    address: str | None


async def of_party(
    uow: UnitOfWork,
    party_id: UUID,
    *,
    wanted: str | None,
    channels: frozenset[Channel],
    over: Channel | None = None,
) -> Recipient | None:
    """A party: at the address `wanted` (id) if it is still theirs, else at the one that fits best; None once erased.

    `over` asks for this channel only.
    """
    body = await copies.get(uow, "parties", party_id)
    if body is None:
        return None
    party = PartyChanged.model_validate(body)
    usable = [a for a in party.addresses if _CHANNELS[a.kind] in channels and over in (None, _CHANNELS[a.kind])]
    chosen = _choose(usable, wanted)
    return Recipient(
        "party",
        party_id,
        party.name,
        party.language,
        party.zone,
        _CHANNELS[chosen.kind] if chosen else over or "sms",
        chosen.address_id if chosen else "",
        chosen.value if chosen else None,
    )


async def of_staff(uow: UnitOfWork, staff_id: UUID, *, secret: bytes) -> Recipient | None:
    """A member of staff by e-mail, or who acts for them while absent or gone; None where nobody does."""
    member = await directory.acting_for(uow, staff_id, uow.now)
    if member is None:
        return None
    email = member.email.lower()
    return Recipient(
        "staff",
        member.staff_id,
        member.name,
        member.language,
        member.zone,
        "email",
        address_id(secret, "email", email),
        email,
    )


def _choose(usable: Sequence[PartyAddress], wanted: str | None) -> PartyAddress | None:
    """The wanted address; else a verified one before an unverified one, a phone before a mailbox."""
    ranked = sorted(usable, key=lambda a: (a.address_id != wanted, not a.verified, a.kind != "phone"))
    return ranked[0] if ranked else None
