"""What goes over the parties' routes."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from services.intake.parties.model import Party
from shared.web.schemas import Answer


class AddressView(Answer):
    """One way to reach the party."""

    address_id: str
    kind: str
    value: str
    verified: bool


class PartyView(Answer):
    """A party's file. Who asks for it is recorded."""

    party_id: UUID
    kind: str
    name: str | None
    addresses: tuple[AddressView, ...]
    language: str
    zone: str
    customer_class: str | None
    member: bool
    verified: bool
    liaison_ids: tuple[UUID, ...]
    possible_duplicates: tuple[UUID, ...]
    """Parties that share an address with this one; a person decides whether they are the same."""
    created_at: datetime
    version: int

    @classmethod
    def of(cls, party: Party, duplicates: list[UUID]) -> Self:
        """The file as it is told."""
        return cls(
            party_id=party.id,
            kind=party.kind,
            name=party.name,
            addresses=tuple(
                AddressView(address_id=one.address_id, kind=one.kind, value=one.value, verified=one.verified)
                for one in party.addresses
            ),
            language=party.language,
            zone=party.zone,
            customer_class=party.customer_class,
            member=party.member,
            verified=party.verified,
            liaison_ids=party.liaison_ids,
            possible_duplicates=tuple(duplicates),
            created_at=party.created_at,
            version=party.version,
        )
