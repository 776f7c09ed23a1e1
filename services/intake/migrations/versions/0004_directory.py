"""The whole directory: closed departments, calendars, locked staff, areas, absences as a list instead of one; several
keys of a channel at a time; and the indexes by which visits are found for whom they belong to.

`staff.absent_from`, `staff.absent_until` and `channel.key_hash` (the newest key) stay for the build before this one;
the build after it takes them away.
"""

from __future__ import annotations

from alembic import op

from shared.store.migrations import forward_only

revision = "0004"
down_revision = "0003"

_STATEMENTS = """
ALTER TABLE department ADD COLUMN active boolean NOT NULL DEFAULT true;
CREATE INDEX department_parent ON department (parent_id);
ALTER TABLE staff
    ADD COLUMN locked boolean NOT NULL DEFAULT false,
    ADD COLUMN areas jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN absences jsonb NOT NULL DEFAULT '[]';
UPDATE staff SET absences = jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
    'id', gen_random_uuid(), 'starts', absent_from, 'ends', absent_until)))
    WHERE absent_from IS NOT NULL;
CREATE INDEX staff_department ON staff (department_id);
CREATE INDEX staff_manager ON staff (manager_id);
CREATE TABLE channel_key (
    key_hash   bytea PRIMARY KEY,
    channel    text        NOT NULL REFERENCES channel,
    created_at timestamptz NOT NULL,
    ends       timestamptz
);
CREATE INDEX channel_key_channel ON channel_key (channel);
INSERT INTO channel_key (key_hash, channel, created_at) SELECT key_hash, name, created_at FROM channel;
CREATE TABLE work_calendar (
    department_id uuid PRIMARY KEY REFERENCES department,
    zone          text,
    week          jsonb,
    holidays      text CHECK (holidays IN ('china', 'none')),
    days          jsonb   NOT NULL,
    final_years   jsonb   NOT NULL,
    version       integer NOT NULL
);
CREATE INDEX visit_host ON visit (host_id);
CREATE INDEX visit_requester ON visit (requester_id);
CREATE INDEX visit_department_arrival ON visit (department_id, arrival, id);
CREATE INDEX visit_arrival ON visit (arrival, id);
CREATE INDEX visit_approval_approver ON visit_approval (approver_id);
"""


def upgrade() -> None:
    """Adds what is new and moves the one absence that there could be into the list."""
    op.get_bind().exec_driver_sql(_STATEMENTS, execution_options={"no_parameters": True})


downgrade = forward_only
