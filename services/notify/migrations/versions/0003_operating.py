"""The core's tables for operators: the brake, long work, when an outbox row was sent again."""

from shared.store.migrations import apply_core, forward_only

revision = "0003"
down_revision = "0002"
downgrade = forward_only


def upgrade() -> None:
    apply_core("core_0002")
