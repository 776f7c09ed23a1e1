"""complaints' first tables: tickets, the words about them, deadlines."""

from __future__ import annotations

from alembic import op

from shared.store.migrations import forward_only

revision = "0002"
down_revision = "0001"
downgrade = forward_only

_TICKETS = """
CREATE SEQUENCE ticket_serial AS bigint;
CREATE TABLE ticket (
    id                        uuid PRIMARY KEY,
    report_id                 uuid        NOT NULL UNIQUE,
    number                    text        NOT NULL UNIQUE,
    message_id                uuid,
    case_id                   uuid,
    caused_by_callback        uuid,
    channel                   text        NOT NULL,
    medium                    text        NOT NULL,
    party_id                  uuid        NOT NULL,
    address_id                text,
    customer_class            text,
    member                    boolean     NOT NULL,
    phone_present             boolean     NOT NULL,
    category                  text        NOT NULL,
    severity                  text        NOT NULL CHECK (severity IN ('minor', 'major')),
    state                     text        NOT NULL,
    handler_id                uuid,
    department_id             uuid,
    responsible_department_id uuid,
    accused_ids               jsonb       NOT NULL,
    judged_by                 uuid,
    resolution_no             integer     NOT NULL CHECK (resolution_no >= 0),
    outcome                   text,
    close_reason              text,
    times_reopened            integer     NOT NULL CHECK (times_reopened >= 0),
    opened_at                 timestamptz NOT NULL,
    changed_at                timestamptz NOT NULL,
    resolved_at               timestamptz,
    closed_at                 timestamptz,
    version                   integer     NOT NULL,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((state = 'closed') = (close_reason IS NOT NULL))
);
CREATE INDEX ticket_newest ON ticket (opened_at DESC, id DESC);
CREATE INDEX ticket_state ON ticket (state, opened_at DESC, id DESC);
CREATE INDEX ticket_handler ON ticket (handler_id, opened_at DESC, id DESC);
CREATE INDEX ticket_party ON ticket (party_id);
-- What is on whose desk: read whenever a handler is chosen.
CREATE INDEX ticket_open ON ticket (handler_id) WHERE state NOT IN ('closed', 'merged', 'resolved', 'withdrawn');
"""

_WORDS = """
-- What the party and staff wrote: personal data, kept apart so that it can be erased while the ticket stays.
CREATE TABLE ticket_words (
    id        uuid PRIMARY KEY,
    ticket_id uuid        NOT NULL REFERENCES ticket,
    party_id  uuid        NOT NULL,
    kind      text        NOT NULL,
    subject   text,
    body      text        NOT NULL,
    written_by uuid,
    written_at timestamptz NOT NULL
);
CREATE INDEX ticket_words_ticket ON ticket_words (ticket_id, written_at);
CREATE INDEX ticket_words_party ON ticket_words (party_id);
"""

_DEADLINES = """
CREATE TABLE deadline (
    id         uuid PRIMARY KEY,
    ticket_id  uuid        NOT NULL REFERENCES ticket,
    kind       text        NOT NULL CHECK (kind IN ('first-reply', 'solution')),
    round      integer     NOT NULL CHECK (round >= 0),
    policy     text        NOT NULL,
    started_at timestamptz NOT NULL,
    warn_at    timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    -- Computed through a year whose holidays are not announced yet.
    provisional boolean    NOT NULL,
    warned_at  timestamptz,
    met_at     timestamptz,
    missed_at  timestamptz,
    UNIQUE (ticket_id, kind, round)
);
"""


def upgrade() -> None:
    for statements in (_TICKETS, _WORDS, _DEADLINES):
        op.execute(statements)
