"""Visits as a sheet: CSV that a spreadsheet opens as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from uuid import UUID

from services.intake.visits.model import Visit

MOST_ROWS = 10_000

_COLUMNS = (
    "visit_id",
    "state",
    "kind",
    "company",
    "level",
    "head_count",
    "arrival",
    "departure",
    "host",
    "department",
    "revision",
    "arrived_at",
    "departed_at",
    "callback_outcome",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(visits: Iterable[Visit], names: Mapping[UUID, str]) -> str:
    """One row per visit under a heading, instants in UTC (ISO 8601). `names`: of hosts and departments by id."""
    out = io.StringIO()
    # A byte order mark, or Excel takes Chinese for something else.
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for visit in visits:
        told = {
            "visit_id": visit.id,
            "host": names.get(visit.host_id),
            "department": names.get(visit.department_id),
            **{name: getattr(visit, name).isoformat() for name in ("arrival", "departure")},
            **{name: at.isoformat() for name in ("arrived_at", "departed_at") if (at := getattr(visit, name))},
        }
        writer.writerow(_cell(told.get(name, getattr(visit, name, None))) for name in _COLUMNS)
    return out.getvalue()


def _cell(value: object) -> str:
    """As text; what a spreadsheet would run as a formula is quoted (CWE-1236)."""
    written = "" if value is None else str(value)
    return f"'{written}" if written.startswith(_FORMULA) else written
