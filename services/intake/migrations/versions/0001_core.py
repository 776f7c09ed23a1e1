"""The core's tables."""

from __future__ import annotations

from shared.store.migrations import apply_core, forward_only

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Applies core_0001."""
    apply_core("core_0001")


downgrade = forward_only
