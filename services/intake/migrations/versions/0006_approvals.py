"""Approvals in several steps: the route and its steps beside each, the snapshot's digest, delegations, and which
department takes which route.

A build before this one decides a first step as if it were all: the trigger on visits refuses it.
"""

from __future__ import annotations

from alembic import op

from shared.store.migrations import forward_only

revision = "0006"
down_revision = "0005"

_STATEMENTS = """
CREATE TABLE approval_delegation (
    id            uuid PRIMARY KEY,
    principal_id  uuid        NOT NULL,
    delegate_id   uuid        NOT NULL CHECK (delegate_id <> principal_id),
    department_id uuid REFERENCES department,
    cap           bigint      NOT NULL CHECK (cap >= 0),
    currency      text        NOT NULL,
    starts        timestamptz NOT NULL,
    ends          timestamptz CHECK (ends > starts),
    given_at      timestamptz NOT NULL,
    ended_at      timestamptz
);
CREATE INDEX approval_delegation_principal ON approval_delegation (principal_id) WHERE ended_at IS NULL;
CREATE INDEX approval_delegation_delegate ON approval_delegation (delegate_id);
CREATE TABLE approval_route_use (
    department_id uuid PRIMARY KEY REFERENCES department,
    route         text        NOT NULL,
    set_by        uuid        NOT NULL,
    set_at        timestamptz NOT NULL
);
ALTER TABLE visit_approval
    ADD COLUMN route text NOT NULL DEFAULT 'MANAGER',
    ADD COLUMN plan jsonb NOT NULL DEFAULT '[{"who": "department-manager"}]',
    ADD COLUMN delegation_id uuid REFERENCES approval_delegation,
    ADD COLUMN digest text,
    ADD CONSTRAINT visit_approval_step CHECK (step BETWEEN 1 AND jsonb_array_length(plan)),
    DROP CONSTRAINT visit_approval_state_check,
    ADD CONSTRAINT visit_approval_state_check
        CHECK (state IN ('waiting', 'approved', 'returned', 'rejected', 'withdrawn', 'expired'));
CREATE FUNCTION visit_is_approved_whole() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF (SELECT count(*) FILTER (WHERE state = 'approved') IS DISTINCT FROM max(jsonb_array_length(plan))::bigint
        FROM visit_approval WHERE visit_id = NEW.id AND revision = NEW.revision) THEN
        RAISE EXCEPTION 'a visit is approved when every step of its route is';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER visit_approved_whole BEFORE UPDATE ON visit
    FOR EACH ROW WHEN (OLD.state = 'approving' AND NEW.state = 'approved') EXECUTE FUNCTION visit_is_approved_whole();
"""


def upgrade() -> None:
    """Adds what is new; what was decided before was decided in one step."""
    op.get_bind().exec_driver_sql(_STATEMENTS, execution_options={"no_parameters": True})


downgrade = forward_only
