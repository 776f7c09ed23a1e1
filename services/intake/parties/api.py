"""Routes of parties."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Depends

from services.intake.parties import commands
from services.intake.parties.schemas import PartyView
from shared.store.unit_of_work import UnitOfWork
from shared.web.edge import Edge, requires

router = APIRouter(tags=["parties"])


@router.get("/parties/{party_id}")
async def read_party(party_id: UUID, edge: Edge = Depends(requires("parties.read"))) -> PartyView:
    """A party's file; reading it is recorded (CF-08)."""

    async def read(uow: UnitOfWork) -> PartyView:
        return PartyView.of(*await commands.read_file(uow, party_id, by=edge.caller.staff_id))

    return await edge.query(read)
