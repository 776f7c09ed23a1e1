"""How a party can be contacted, as this service's copies of `parties` and `consents` say."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.events.consent_changed import ConsentChanged
from shared.contracts.events.party_changed import PartyAddress, PartyChanged
from shared.kernel.errors import Superseded
from shared.messaging import copies
from shared.store.unit_of_work import UnitOfWork

_NO_SURVEYS = frozenset({"survey", "*"})


async def party(uow: UnitOfWork, party_id: UUID) -> PartyChanged | None:
    """The party, None where it is erased."""
    body = await copies.get(uow, "parties", party_id)
    return None if body is None else PartyChanged.model_validate(body)


async def party_here(uow: UnitOfWork, party_id: UUID) -> PartyChanged:
    """The party. Raises Superseded where it is erased: nothing is begun for it any more."""
    found = await party(uow, party_id)
    if found is None:
        raise Superseded("party-erased")
    return found


async def survey_addresses(uow: UnitOfWork, asked: PartyChanged) -> list[PartyAddress]:
    """The addresses whose owner has not refused surveys, in the party's order."""
    return [address for address in asked.addresses if not await _refuses_surveys(uow, address.address_id)]


def preferred(addresses: list[PartyAddress], address_id: str | None) -> PartyAddress:
    """The address that the party wants to be contacted at, else its first. `addresses` is not empty."""
    return next((address for address in addresses if address.address_id == address_id), addresses[0])


def has_phone(asked: PartyChanged) -> bool:
    """Whether the party can be called."""
    return any(address.kind == "phone" for address in asked.addresses)


async def _refuses_surveys(uow: UnitOfWork, address_id: str) -> bool:
    body = await copies.get(uow, "consents", address_id)
    return body is not None and not _NO_SURVEYS.isdisjoint(ConsentChanged.model_validate(body).refused)
