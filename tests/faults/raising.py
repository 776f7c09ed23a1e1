"""complaints as a bad build would have it: its composition with reactions that raise. Started in place of the good one.

`FAULTS_RAISE=marked` raises on reports that say so in their text, some always and some once; `=all` on every report.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from services.complaints.service import service as good
from shared.contracts.envelope import Envelope
from shared.contracts.events.complaint_reported import ComplaintReported
from shared.messaging.reactions import Reaction, Run
from shared.store.unit_of_work import UnitOfWork

ALWAYS, ONCE = "poison-always", "poison-once"
_met: set[str] = set()


class Broken(Exception):
    """The mistake of this build."""


def _raising(run: Run) -> Run:
    async def react(uow: UnitOfWork, event: Any, envelope: Envelope) -> None:
        if os.environ.get("FAULTS_RAISE") == "all" or ALWAYS in event.text:
            raise Broken
        if ONCE in event.text and envelope.id not in _met:
            _met.add(envelope.id)
            raise Broken
        await run(uow, event, envelope)

    return react


def _as_built(reaction: Reaction) -> Reaction:
    return replace(reaction, run=_raising(reaction.run)) if reaction.event is ComplaintReported else reaction


service = replace(good, reactions=tuple(map(_as_built, good.reactions)))
