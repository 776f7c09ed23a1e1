"""A draft: whatever its author has written so far. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Kind = Literal["business", "reception"]

MOST_DRAFTS = 100
"""Of one person: a bound on what anybody can pile up."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Only its author sees it. `address_ids`: the addresses in it, by which erasure finds it."""

    id: UUID
    owner_id: UUID
    kind: Kind
    content: dict[str, Any] = field(repr=False)
    address_ids: tuple[str, ...]
    created_at: datetime
    saved_at: datetime
    version: int = 1


def addresses_in(content: Any) -> set[tuple[Literal["phone", "email"], str]]:
    """Everything in a draft that stands where a phone number or an e-mail address is asked for, as it was typed."""
    found: set[tuple[Literal["phone", "email"], str]] = set()
    open_parts = [content]
    while open_parts:
        part = open_parts.pop()
        if isinstance(part, list):
            open_parts += part
        elif isinstance(part, dict):
            open_parts += part.values()
            for kind in ("phone", "email"):
                if isinstance(value := part.get(kind), str):
                    found.add((kind, value))
    return found
