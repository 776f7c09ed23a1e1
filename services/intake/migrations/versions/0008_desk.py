"""The reception desk: walk-ins, how identities were made sure of, applicants' forms; and indexes to search by."""

from __future__ import annotations

from alembic import op

from shared.store.migrations import forward_only

revision = "0008"
down_revision = "0007"

_STATEMENTS = """
ALTER TABLE visit
    ADD COLUMN guest_kind text CHECK (guest_kind IN ('applicant', 'business', 'regular')),
    ADD COLUMN identity text;
CREATE TABLE applicant_form (
    visit_id uuid PRIMARY KEY REFERENCES visit,
    form     jsonb NOT NULL
);
CREATE INDEX visit_company ON visit (lower(company) text_pattern_ops);
CREATE INDEX visit_level_arrival ON visit (level, arrival, id);
CREATE INDEX visit_kind_arrival ON visit (kind, arrival, id);
"""


def upgrade() -> None:
    """Adds what is new; nobody walked in before."""
    op.get_bind().exec_driver_sql(_STATEMENTS, execution_options={"no_parameters": True})


downgrade = forward_only
