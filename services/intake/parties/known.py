"""The parties that the senders of a batch may be: read once, changed in memory, written together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.intake.parties.model import Address, Party


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two parties that share an address may be one: a person decides."""

    party_id: UUID
    other_id: UUID
    address_id: str


class Known:
    """Parties as they are in this transaction, also where that is not written yet."""

    def __init__(self, parties: Iterable[Party] = ()) -> None:
        """`parties`: locked; erased ones too, in whom nobody is found any more, but whose ids have been used."""
        self._read = {party.id: party for party in parties}
        self._parties: dict[UUID, Party] = {}
        self._having: dict[str, set[UUID]] = {}
        self.suggestions: list[Suggestion] = []
        for party in self._read.values():
            if party.erased_at is None:
                self.put(party)

    def __contains__(self, party_id: UUID) -> bool:
        """Whether the id has been used."""
        return party_id in self._parties or party_id in self._read

    def put(self, party: Party) -> None:
        """A new party, or what became of one; whoever comes next finds it so."""
        self._parties[party.id] = party
        for address in party.addresses:
            self._having.setdefault(address.address_id, set()).add(party.id)

    def sharing(self, addresses: Iterable[Address]) -> list[Party]:
        """The parties that have one of these addresses."""
        ids = {party_id for one in addresses for party_id in self._having.get(one.address_id, ())}
        return [self._parties[party_id] for party_id in ids]

    @property
    def new(self) -> Sequence[Party]:
        """Who is not written yet, in the order in which they were met."""
        return [party for party in self._parties.values() if party.id not in self._read]

    @property
    def changed(self) -> Sequence[tuple[Party, Party]]:
        """(as read, as it is now) of who became another."""
        pairs = ((self._read.get(party.id, party), party) for party in self._parties.values())
        return [(before, after) for before, after in pairs if before is not after]
