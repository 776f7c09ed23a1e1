"""What an approval keeps of level, lines and budget: whole by itself, so that no later edition changes it (LV-06)."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import orjson

from services.intake.budgets.model import Checked, Verdict
from services.intake.standards.lines import Line, Lines
from shared.kernel.money import Money


def snapshot_of(lines: Lines, verdict: Verdict, *, bearer: UUID) -> dict[str, Any]:
    """JSON without personal data; amounts in minor units. Notes of a plan are words of people and stay outside.

    `bearer`: the department that bears the cost.
    """
    stay = lines.stay
    return {
        "standard_set": lines.set_code,
        "edition": lines.edition,
        "level": lines.level,
        "level_rank": lines.level_rank,
        "host_rank": lines.host_rank,
        "host_rank_rank": lines.host_rank_rank,
        "bearer": str(bearer),
        "currency": lines.currency,
        "guests": stay.guests,
        "nights": stay.nights,
        "rooms": stay.rooms,
        "companions": stay.companions,
        "caps": lines.total.minor,
        "planned": verdict.planned.minor,
        "lines": [_line(line) for line in lines.lines],
        "budget": [_planned(checked) for checked in verdict.lines],
    }


def digest_of(snapshot: dict[str, Any]) -> str:
    """SHA-256 in hex of the snapshot as JSON with sorted keys: the same for the same content, however it was stored."""
    return hashlib.sha256(orjson.dumps(snapshot, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _line(line: Line) -> dict[str, Any]:
    note = line.cell.note
    return {
        "item": line.item,
        "kind": line.cell.kind,
        "basis": line.cell.basis,
        "note": None if note is None else {"zh": note.zh, "en": note.en},
        "lower": line.cell.lower,
        "upper": line.cell.upper,
        "counted": line.counted,
        "cap": _minor(line.cap),
    }


def _planned(checked: Checked) -> dict[str, Any]:
    planned = checked.planned
    return {
        "item": planned.item,
        "planned": planned.amount.minor,
        "quantity": planned.quantity,
        "cap": _minor(checked.cap),
        "finding": checked.finding,
    }


def _minor(amount: Money | None) -> int | None:
    return None if amount is None else amount.minor
