"""All that a run left behind, as the checker looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.entries import Ledger
from tests.support.books import Stores

Place = tuple[str, int, int]
"""(topic, partition, offset)"""


@dataclass(slots=True)
class Evidence:
    """Ledger, stores, what phones and mailboxes received, and what lies on the topics."""

    stores: Stores
    ledger: Ledger
    received: Sequence[dict[str, Any]]
    inverted_on_topics: dict[str, int] = field(default_factory=dict)
    still_open: Sequence[str] = ()
    """What had not come to rest in the time that it has for that."""
    held_as_meant: frozenset[Place] = frozenset()
    """Records that the fault itself made unreadable: held is where they belong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Where an invariant does not hold. `times` is how often; `what` names ids, never what people wrote."""

    invariant: str
    kind: str
    """`lost`, `doubled`, `inverted`, `sent twice`, `late`, `half done`."""
    what: str
    times: int = 1
