"""Callbacks, their attempts, and the answers in people's own words."""

from alembic import op

from shared.store.migrations import forward_only

revision = "0002"
down_revision = "0001"
downgrade = forward_only

_TABLES = """
CREATE TABLE callback (
    id                        uuid        PRIMARY KEY,
    rule                      text        NOT NULL,
    subject_kind              text        NOT NULL CHECK (subject_kind IN ('ticket', 'visit')),
    subject_id                uuid        NOT NULL,
    subject_number            text,
    occasion                  integer     NOT NULL,
    party_id                  uuid        NOT NULL,
    address_id                text,
    mode                      text        NOT NULL CHECK (mode IN ('message', 'phone', 'home-visit')),
    state                     text        NOT NULL,
    attempt                   integer     NOT NULL,
    due                       timestamptz NOT NULL,
    latest                    timestamptz NOT NULL,
    priority                  integer     NOT NULL,
    planned_at                timestamptz NOT NULL,
    handler_id                uuid,
    responsible_department_id uuid,
    accused_ids               jsonb       NOT NULL,
    answer_until              timestamptz,
    needs_person              boolean     NOT NULL,
    outcome                   text,
    contact_wanted            boolean     NOT NULL,
    end_reason                text,
    ended_at                  timestamptz,
    version                   integer     NOT NULL,
    UNIQUE (rule, subject_kind, subject_id, occasion)
);
CREATE INDEX callback_subject ON callback (subject_kind, subject_id, occasion);
CREATE INDEX callback_party ON callback (party_id);
CREATE INDEX callback_due ON callback (due, id);
CREATE INDEX callback_state_due ON callback (state, due, id);

CREATE TABLE attempt (
    callback_id uuid        NOT NULL REFERENCES callback,
    number      integer     NOT NULL,
    due_event   text        NOT NULL,
    due_at      timestamptz NOT NULL,
    mode        text        NOT NULL,
    result      text        CHECK (result IN ('asked', 'unreached', 'failed')),
    message_id  uuid,
    by          uuid,
    at          timestamptz,
    PRIMARY KEY (callback_id, number)
);
CREATE UNIQUE INDEX attempt_due_event ON attempt (due_event);

-- What people wrote. Kept apart, so that one party's words can be erased and the callback's figures stay.
CREATE TABLE answer (
    id          uuid        PRIMARY KEY,
    callback_id uuid        NOT NULL REFERENCES callback,
    party_id    uuid        NOT NULL,
    inbound_id  uuid        UNIQUE,
    channel     text        NOT NULL CHECK (channel IN ('sms', 'email', 'person')),
    words       text        NOT NULL,
    reading     text        NOT NULL CHECK (reading IN ('satisfied', 'neutral', 'dissatisfied', 'unclear')),
    counted     boolean     NOT NULL,
    late        boolean     NOT NULL,
    by          uuid,
    received_at timestamptz NOT NULL
);
CREATE INDEX answer_callback ON answer (callback_id, received_at);
CREATE INDEX answer_party ON answer (party_id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(_TABLES, execution_options={"no_parameters": True})
