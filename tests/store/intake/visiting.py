"""Steps of a visit that several tests take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.intake.visits import approving, receiving
from services.intake.visits.model import Visit
from shared.contracts.events.callback_completed import CallbackCompleted
from shared.kernel import clock
from shared.kernel.errors import Refused
from tests.store.intake.builders import DEPARTMENTS, STAFF, House

_DAY = timedelta(days=1)


async def decide(house: House, visit: Visit, decision: str, by: str = "hana", **more: Any) -> Visit:
    """The approver decides about the present revision."""
    values = {"revision": visit.revision, "by": house.staff[by], **more}
    decided = await house.do(approving.decide, visit.id, decision, **values)
    assert isinstance(decided, Visit)
    return decided


async def arrived(house: House, **changes: Any) -> Visit:
    """A visit whose guest is here."""
    visit = await decide(house, await house.ask(**changes), "approved")
    await house.do(receiving.confirm, visit.id, by=house.staff["tom"])
    here = await house.do(receiving.arrive, visit.id, by=house.staff["rita"], permitted=True)
    assert isinstance(here, Visit)
    return here


async def refused(house: House, code: str, command: Any, *values: Any, **named: Any) -> Refused:
    """Nothing comes of the command but a refusal with this code."""
    before = await house.told("visits")
    with pytest.raises(Refused) as raised:
        await house.do(command, *values, **named)
    assert raised.value.code == code
    assert await house.told("visits") == before
    return raised.value


def completed(visit: Visit, *, occasion: int | None = None, kind: str = "visit") -> CallbackCompleted:
    """The guest answered the callback."""
    return CallbackCompleted.model_validate(
        {
            "callback_id": uuid4(),
            "rule": "after-visit",
            "subject_kind": kind,
            "subject_id": visit.id,
            "occasion": visit.revision if occasion is None else occasion,
            "party_id": visit.party_id,
            "outcome": "satisfied",
            "completed_at": clock.now(),
        }
    )


async def departed(house: House) -> Visit:
    """A visit whose guest has left."""
    visit = await arrived(house)
    left = await house.do(receiving.depart, visit.id, by=house.staff["tom"])
    assert isinstance(left, Visit)
    return left


async def hana_goes_away(house: House) -> None:
    """Hana, who decides, is absent from yesterday on."""
    away = (clock.now() - _DAY).isoformat()
    sheet = STAFF.replace("roles,phone", "roles,phone,absent_from")
    await house.hire(DEPARTMENTS, padded(sheet.replace("department-manager,", f"department-manager,,{away}")))


def padded(sheet: str) -> str:
    """Every row with as many cells as the heading."""
    lines = [line for line in sheet.splitlines() if line.strip()]
    cells = lines[0].count(",")
    return "\n".join(line + "," * (cells - line.count(",")) for line in lines)
