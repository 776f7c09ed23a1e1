"""What is done with parties: a sender found or made, a file read."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.intake.parties import store
from services.intake.parties.model import DEFAULT_LANGUAGE, DEFAULT_ZONE, Claim, Party, learn, match
from shared.kernel.errors import NotFound, Superseded
from shared.store.unit_of_work import UnitOfWork


async def identify(uow: UnitOfWork, claim: Claim) -> Party:
    """The party behind `claim`: a known one, with what it taught us, or a new one. Publishes party-changed.

    Never merges: who only might be somebody known is a new party with a suggestion. Raises Superseded where an event
    comes again whose party has been erased since.
    """
    await store.lock_addresses(uow, claim.addresses)
    found = match(claim, await store.sharing(uow, claim.addresses))
    if found.party is None:
        party = replace(learn(_new(uow, claim), claim), version=1)
        if not await store.add(uow, party):
            raise Superseded("party-erased")
    else:
        party = learn(found.party, claim)
        if party is found.party:
            return party
        await store.save(uow, party)
    uow.publish(party.event(), about=party.about)
    for other, shared in found.suggest:
        await store.suggest(uow, party.id, other, shared)
    return party


async def read_file(uow: UnitOfWork, party_id: UUID, *, by: UUID) -> tuple[Party, list[UUID]]:
    """A party's file and whom it may be a duplicate of; the reading is recorded. Raises NotFound."""
    party = await store.get(uow, party_id)
    if party is None or party.erased_at is not None:
        raise NotFound("party")
    uow.audit(by, "read-file", "party", party_id)
    return party, await store.suggestions(uow, party_id)


def _new(uow: UnitOfWork, claim: Claim) -> Party:
    return Party(
        id=uow.new_id("party"),
        name=claim.name,
        created_at=uow.now,
        language=claim.language or DEFAULT_LANGUAGE,
        zone=claim.zone or DEFAULT_ZONE,
    )
