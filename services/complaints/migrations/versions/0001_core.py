"""The core's tables: outbox, inbox, held events, copies, timers, audit."""

from shared.store.migrations import apply_core, forward_only

revision = "0001"
down_revision = None
downgrade = forward_only


def upgrade() -> None:
    apply_core("core_0001")
