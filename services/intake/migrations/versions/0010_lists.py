"""Lists of one's own visits, the latest arrival first, come from an index each."""

from __future__ import annotations

from alembic import op

from shared.store.migrations import forward_only

revision = "0010"
down_revision = "0009"

_STATEMENTS = """
CREATE INDEX visit_host_arrival ON visit (host_id, arrival, id);
CREATE INDEX visit_requester_arrival ON visit (requester_id, arrival, id);
DROP INDEX visit_host;
DROP INDEX visit_requester;
"""


def upgrade() -> None:
    """Replaces two indexes by ones that keep the order of arrivals."""
    op.get_bind().exec_driver_sql(_STATEMENTS, execution_options={"no_parameters": True})


downgrade = forward_only
