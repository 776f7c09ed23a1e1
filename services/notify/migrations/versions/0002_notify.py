"""notify's own tables: messages, attempts, receipts, threads, inbound messages, consent."""

from alembic import op

from shared.store.migrations import forward_only

revision = "0002"
down_revision = "0001"

_TABLES = """
CREATE TABLE message (
    id             uuid PRIMARY KEY,
    rule           text        NOT NULL,
    subject_kind   text        NOT NULL,
    subject_id     uuid        NOT NULL,
    occasion       text        NOT NULL,
    recipient_kind text        NOT NULL CHECK (recipient_kind IN ('party', 'staff')),
    recipient_id   uuid        NOT NULL,
    channel        text        NOT NULL CHECK (channel IN ('sms', 'email')),
    category       text        NOT NULL,
    template       text        NOT NULL,
    language       text        NOT NULL,
    zone           text        NOT NULL,
    address_id     text        NOT NULL,
    address        text,
    subject_line   text,
    text           text,
    in_reply_to    text,
    sender         text,
    fallback       boolean     NOT NULL DEFAULT false,
    asks_until     timestamptz,
    thread_id      uuid,
    state          text        NOT NULL,
    version        integer     NOT NULL,
    waits_for      text,
    withdraw_as    text,
    reason         text,
    attempts       integer     NOT NULL DEFAULT 0,
    accepted_at    timestamptz NOT NULL,
    caused_at      timestamptz NOT NULL,
    send_after     timestamptz,
    expires_at     timestamptz NOT NULL,
    decide_at      timestamptz,
    submitted_at   timestamptz,
    ended_at       timestamptz,
    correlation_id text        NOT NULL,
    cause_id       text        NOT NULL,
    hops           integer     NOT NULL,
    traceparent    text,
    UNIQUE (rule, subject_kind, subject_id, occasion, recipient_id, channel)
);
CREATE INDEX message_due ON message (send_after) WHERE state IN ('accepted', 'scheduled');
CREATE INDEX message_in_doubt ON message (decide_at) WHERE decide_at IS NOT NULL;
CREATE INDEX message_subject ON message (subject_kind, subject_id);
CREATE INDEX message_recipient ON message (recipient_id);
CREATE INDEX message_address ON message (address_id, accepted_at);
CREATE INDEX message_accepted_at ON message (accepted_at);

CREATE TABLE sender_process (
    id       uuid PRIMARY KEY,
    alive_at timestamptz NOT NULL
);

CREATE TABLE attempt (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id  uuid        NOT NULL REFERENCES message (id),
    number      integer     NOT NULL,
    channel     text        NOT NULL,
    started_by  uuid        NOT NULL,
    started_at  timestamptz NOT NULL,
    repeat      boolean     NOT NULL,
    finished_at timestamptz,
    result      text CHECK (result IN ('accepted', 'rejected', 'unknown')),
    code        text,
    UNIQUE (message_id, number)
);
CREATE INDEX attempt_open ON attempt (started_by) WHERE result IS NULL;

CREATE TABLE sent_part (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id  bigint      NOT NULL REFERENCES attempt (id),
    message_id  uuid        NOT NULL REFERENCES message (id),
    channel     text        NOT NULL,
    provider_id text        NOT NULL,
    key         text        NOT NULL,
    state       text,
    sent_at     timestamptz NOT NULL
);
CREATE INDEX sent_part_key ON sent_part (channel, key);
CREATE INDEX sent_part_attempt ON sent_part (attempt_id);
CREATE INDEX sent_part_message ON sent_part (message_id);

CREATE TABLE receipt (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel     text        NOT NULL,
    provider_id text        NOT NULL,
    key         text        NOT NULL,
    address_id  text,
    state       text        NOT NULL,
    code        text        NOT NULL,
    at          timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    message_id  uuid,
    UNIQUE (channel, provider_id, state, code, at)
);
CREATE INDEX receipt_unmatched ON receipt (channel, key) WHERE message_id IS NULL;

CREATE TABLE thread (
    id           uuid PRIMARY KEY,
    message_id   uuid        NOT NULL,
    channel      text        NOT NULL,
    address_id   text        NOT NULL,
    our_address  text        NOT NULL,
    subject_kind text        NOT NULL,
    subject_id   uuid        NOT NULL,
    party_id     uuid        NOT NULL,
    opened_at    timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    closed_at    timestamptz
);
CREATE UNIQUE INDEX thread_open ON thread (address_id, our_address) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX thread_message ON thread (message_id);
CREATE INDEX thread_address ON thread (address_id, our_address, closed_at);
CREATE INDEX thread_subject ON thread (subject_kind, subject_id);
CREATE INDEX thread_until ON thread (until) WHERE closed_at IS NULL;

CREATE TABLE number_use (
    number  text PRIMARY KEY,
    used_at timestamptz NOT NULL
);

CREATE TABLE inbound (
    id          uuid PRIMARY KEY,
    channel     text        NOT NULL,
    provider_id text        NOT NULL,
    kind        text        NOT NULL,
    address_id  text        NOT NULL,
    address     text,
    our_address text        NOT NULL,
    text        text,
    mail_id     text,
    thread_id   uuid,
    received_at timestamptz NOT NULL,
    UNIQUE (channel, provider_id)
);
CREATE INDEX inbound_address ON inbound (address_id);

CREATE TABLE consent (
    address_id text PRIMARY KEY,
    refused    jsonb       NOT NULL,
    changed_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    """Makes the tables."""
    op.execute(_TABLES)


downgrade = forward_only
