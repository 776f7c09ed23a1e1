"""Parties and how a sender is found among them: never a silent merge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from services.intake.parties.names import compatible
from shared.contracts.events.party_changed import PartyAddress, PartyChanged
from shared.kernel.ids import AddressKind, address_id

DEFAULT_LANGUAGE = "zh-CN"
DEFAULT_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach a party. `verified`: this party has shown that the address is theirs."""

    address_id: str
    kind: AddressKind
    value: str
    verified: bool = False

    @classmethod
    def of(cls, secret: bytes, kind: AddressKind, value: str, *, verified: bool = False) -> Address:
        """An address under its lasting id; `value` is an E.164 number or an e-mail address."""
        plain = value.strip().lower() if kind == "email" else value
        return cls(address_id(secret, kind, plain), kind, plain, verified)


@dataclass(frozen=True, slots=True)
class Party:
    """A person or organisation we deal with. An unverified one is nobody's customer file yet."""

    id: UUID
    name: str | None
    created_at: datetime
    kind: Literal["person", "organisation"] = "person"
    language: str = DEFAULT_LANGUAGE
    zone: str = DEFAULT_ZONE
    customer_class: str | None = None
    member: bool = False
    verified: bool = False
    liaison_ids: tuple[UUID, ...] = ()
    erased_at: datetime | None = None
    version: int = 1
    addresses: tuple[Address, ...] = ()
    """By address id."""

    def event(self) -> PartyChanged:
        """The full state, as it is published."""
        return PartyChanged(
            party_id=self.id,
            kind=self.kind,
            name=self.name,
            addresses=tuple(
                PartyAddress(address_id=one.address_id, kind=one.kind, value=one.value, verified=one.verified)
                for one in self.addresses
            ),
            language=self.language,
            zone=self.zone,
            customer_class=cast(Literal["vip", "core", "potential", "regular"] | None, self.customer_class),
            member=self.member,
            verified=self.verified,
            liaison_ids=self.liaison_ids,
        )

    @property
    def about(self) -> tuple[object, ...]:
        """The ids by which erasure finds what tells of this party."""
        return (self.id, *(address.address_id for address in self.addresses))


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a sender says to be. Each address's `verified` tells whether the way it came proves it.

    `vouched`: a member of staff says so, which confirms the person, but not the address.
    """

    name: str | None
    addresses: tuple[Address, ...]
    language: str | None = None
    zone: str | None = None
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """What a claim comes to: a known party or a new one, and whom the new one may be a duplicate of."""

    party: Party | None
    suggest: tuple[tuple[UUID, str], ...] = ()
    """(party, shared address id)."""


def match(claim: Claim, sharing: Sequence[Party]) -> Match:
    """Finds the party behind `claim` among those that share one of its addresses, oldest first.

    Verified on both sides, or on neither, with a compatible name: the same party. An answer from the address itself, or
    a member of staff, confirms an unverified party. An unproven claim to a verified party's address stays apart: a new
    unverified party, with a suggestion for a person to decide.
    """
    oldest_first = sorted(sharing, key=lambda party: (party.created_at, party.id))
    fitting = [party for party in oldest_first if compatible(claim.name, party.name)]
    proven = [party for party in fitting if _shares(claim, party, verified=True, proven=True)]
    vouched = [party for party in fitting if claim.vouched and _shares(claim, party, verified=True)]
    unproven = [party for party in fitting if _shares(claim, party, verified=False)]
    for candidates in (proven, vouched, unproven):
        if candidates:
            return Match(candidates[0])
    shared = {
        party.id: next(a.address_id for a in claim.addresses if _address(party, a.address_id)) for party in oldest_first
    }
    return Match(None, tuple(shared.items()))


def learn(party: Party, claim: Claim) -> Party:
    """`party` with what `claim` adds: a missing name, proven or new addresses; the same object where it adds nothing.

    Nothing known is overwritten: a sender may be mistaken, or another.
    """
    known = {address.address_id: address for address in party.addresses}
    for address in claim.addresses:
        before = known.get(address.address_id, address)
        known[address.address_id] = replace(address, verified=address.verified or before.verified)
    learnt = replace(
        party,
        name=party.name or claim.name,
        addresses=tuple(known[address_id] for address_id in sorted(known)),
        verified=party.verified or claim.vouched or any(address.verified for address in claim.addresses),
    )
    return party if learnt == party else replace(learnt, version=party.version + 1)


def _shares(claim: Claim, party: Party, *, verified: bool, proven: bool = False) -> bool:
    """Whether an address of `claim` (a proven one, if asked) is the party's, verified there or not."""
    return any(
        known is not None and known.verified == verified
        for known in (
            _address(party, address.address_id) for address in claim.addresses if address.verified or not proven
        )
    )


def _address(party: Party, address_id: str) -> Address | None:
    return next((address for address in party.addresses if address.address_id == address_id), None)
