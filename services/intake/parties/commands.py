"""What is done with parties: a sender found or made, a file read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from services.intake.parties import store
from services.intake.parties.known import Known, Suggestion
from services.intake.parties.model import DEFAULT_LANGUAGE, DEFAULT_ZONE, Claim, Party, learn, match
from shared.kernel.errors import NotFound, Superseded
from shared.store.unit_of_work import UnitOfWork


async def meet(uow: UnitOfWork, claims: Iterable[Claim], new_ids: Sequence[UUID] = ()) -> Known:
    """Everybody whom `claims` may be about, locked, so that nobody else finds or makes a party of theirs meanwhile.

    `new_ids`: those that new parties would get, to see whether they have been used.
    """
    addresses = {one.address_id: one for claim in claims for one in claim.addresses}
    await store.lock_addresses(uow, addresses.values())
    return Known(await store.locked(uow, addresses, new_ids))


def recognise(uow: UnitOfWork, known: Known, claim: Claim, new_id: UUID) -> Party:
    """The party behind `claim` among `known`: with what it taught us, or a new one. Publishes party-changed.

    Never merges: who only might be somebody known is a new party with a suggestion. Raises Superseded where an event
    comes again whose party has been erased since. Whoever called `meet` writes `known` at the end (`store.write`).
    """
    found = match(claim, known.sharing(claim.addresses))
    if found.party is None:
        if new_id in known:
            raise Superseded("party-erased")
        party = replace(learn(_new(uow, claim, new_id), claim), version=1)
        known.suggestions += [Suggestion(party.id, other, shared) for other, shared in found.suggest]
    else:
        party = learn(found.party, claim)
        if party is found.party:
            return party
    known.put(party)
    uow.publish(party.event(), about=party.about)
    return party


async def identify(uow: UnitOfWork, claim: Claim) -> Party:
    """`recognise` for one claim alone; the party is written before the next statement."""
    new_id = uow.new_id("party")
    known = await meet(uow, [claim], [new_id])
    party = recognise(uow, known, claim, new_id)
    await store.write(uow, known)
    return party


async def read_file(uow: UnitOfWork, party_id: UUID, *, by: UUID) -> tuple[Party, list[UUID]]:
    """A party's file and whom it may be a duplicate of; the reading is recorded. Raises NotFound."""
    party = await store.get(uow, party_id)
    if party is None or party.erased_at is not None:
        raise NotFound("party")
    uow.audit(by, "read-file", "party", party_id)
    return party, await store.suggestions(uow, party_id)


def _new(uow: UnitOfWork, claim: Claim, new_id: UUID) -> Party:
    return Party(
        id=new_id,
        name=claim.name,
        created_at=uow.now,
        language=claim.language or DEFAULT_LANGUAGE,
        zone=claim.zone or DEFAULT_ZONE,
    )
