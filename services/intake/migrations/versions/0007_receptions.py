"""Receptions: the application form, drafts of it, and what of a visit is searched for."""

from __future__ import annotations

from alembic import op

from shared.store.migrations import forward_only

revision = "0007"
down_revision = "0006"

_STATEMENTS = """
ALTER TABLE visit
    ADD COLUMN company text,
    ADD COLUMN level text,
    ADD COLUMN approved_revision integer;
UPDATE visit v SET approved_revision = a.revision
FROM (SELECT visit_id, max(revision) AS revision FROM visit_approval WHERE state = 'approved' GROUP BY visit_id) a
WHERE a.visit_id = v.id AND v.state IN ('approved', 'preparing', 'confirmed', 'arrived', 'departed', 'closed');
CREATE TABLE visit_form (
    visit_id uuid    NOT NULL REFERENCES visit,
    revision integer NOT NULL CHECK (revision >= 1),
    form     jsonb   NOT NULL,
    PRIMARY KEY (visit_id, revision)
);
CREATE TABLE visit_draft (
    id          uuid PRIMARY KEY,
    owner_id    uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('business', 'reception')),
    content     jsonb       NOT NULL,
    address_ids text[]      NOT NULL,
    created_at  timestamptz NOT NULL,
    saved_at    timestamptz NOT NULL,
    version     integer     NOT NULL
);
CREATE INDEX visit_draft_owner ON visit_draft (owner_id, id);
CREATE INDEX visit_draft_addresses ON visit_draft USING gin (address_ids);
"""


def upgrade() -> None:
    """Adds what is new; what is under way was approved as its newest approved revision says."""
    op.get_bind().exec_driver_sql(_STATEMENTS, execution_options={"no_parameters": True})


downgrade = forward_only
