"""intake's first tables: directory, channels, parties, cases, visits."""

from __future__ import annotations

from alembic import op

from shared.store.migrations import forward_only

revision = "0002"
down_revision = "0001"

_DIRECTORY = """
CREATE TABLE department (
    id        uuid PRIMARY KEY,
    code      text    NOT NULL UNIQUE,
    name      text    NOT NULL,
    parent_id uuid REFERENCES department DEFERRABLE INITIALLY DEFERRED,
    head_id   uuid,
    version   integer NOT NULL
);
CREATE TABLE staff (
    id            uuid PRIMARY KEY,
    email         text    NOT NULL UNIQUE,
    name          text    NOT NULL,
    phone         text,
    language      text    NOT NULL,
    zone          text    NOT NULL,
    department_id uuid    NOT NULL REFERENCES department DEFERRABLE INITIALLY DEFERRED,
    manager_id    uuid REFERENCES staff DEFERRABLE INITIALLY DEFERRED,
    substitute_id uuid REFERENCES staff DEFERRABLE INITIALLY DEFERRED,
    absent_from   timestamptz,
    absent_until  timestamptz,
    roles         jsonb   NOT NULL,
    weight        integer NOT NULL CHECK (weight >= 0),
    active        boolean NOT NULL,
    version       integer NOT NULL
);
ALTER TABLE department ADD CONSTRAINT department_head_id_fkey
    FOREIGN KEY (head_id) REFERENCES staff DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE account (
    staff_id      uuid PRIMARY KEY REFERENCES staff,
    password_hash text        NOT NULL,
    changed_at    timestamptz NOT NULL
);
CREATE TABLE sign_in_attempt (
    scope    text PRIMARY KEY,
    attempts integer     NOT NULL,
    until    timestamptz NOT NULL
);
CREATE TABLE signing_key (
    key_id      text PRIMARY KEY,
    public_key  text        NOT NULL,
    private_key text        NOT NULL,
    created_at  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL
);
"""

_CHANNELS = """
CREATE TABLE channel (
    name       text PRIMARY KEY,
    key_hash   bytea       NOT NULL UNIQUE,
    active     boolean     NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE channel_message (
    id               uuid PRIMARY KEY,
    channel          text        NOT NULL,
    medium           text        NOT NULL,
    purpose          text        NOT NULL,
    sender           jsonb       NOT NULL,
    subject          text,
    text             text        NOT NULL,
    language         text,
    zone             text,
    reply_address    text,
    address_verified boolean     NOT NULL,
    received_at      timestamptz NOT NULL,
    original         bytea,
    state            text        NOT NULL CHECK (state IN ('received', 'case', 'report')),
    party_id         uuid,
    address_id       text,
    case_id          uuid,
    report_id        uuid UNIQUE,
    ticket_id        uuid,
    ticket_number    text,
    version          integer     NOT NULL
);
CREATE INDEX channel_message_party ON channel_message (party_id);
"""

_PARTIES = """
CREATE TABLE party (
    id             uuid PRIMARY KEY,
    kind           text        NOT NULL CHECK (kind IN ('person', 'organisation')),
    name           text,
    language       text        NOT NULL,
    zone           text        NOT NULL,
    customer_class text,
    member         boolean     NOT NULL,
    verified       boolean     NOT NULL,
    liaison_ids    jsonb       NOT NULL,
    created_at     timestamptz NOT NULL,
    erased_at      timestamptz,
    version        integer     NOT NULL
);
CREATE TABLE address (
    address_id text PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('phone', 'email')),
    value      text NOT NULL
);
CREATE TABLE party_address (
    party_id   uuid    NOT NULL REFERENCES party,
    address_id text    NOT NULL REFERENCES address,
    verified   boolean NOT NULL,
    PRIMARY KEY (party_id, address_id)
);
CREATE INDEX party_address_address ON party_address (address_id);
CREATE TABLE duplicate_suggestion (
    party_id     uuid        NOT NULL REFERENCES party,
    other_id     uuid        NOT NULL REFERENCES party,
    address_id   text        NOT NULL,
    suggested_at timestamptz NOT NULL,
    PRIMARY KEY (party_id, other_id),
    CHECK (party_id <> other_id)
);
"""

_CASES = """
CREATE SEQUENCE case_number;
CREATE TABLE service_case (
    id         uuid PRIMARY KEY,
    number     text        NOT NULL UNIQUE,
    message_id uuid        NOT NULL UNIQUE,
    party_id   uuid        NOT NULL REFERENCES party,
    address_id text,
    channel    text        NOT NULL,
    state      text        NOT NULL,
    handler_id uuid,
    opened_at  timestamptz NOT NULL,
    closed_at  timestamptz,
    closed_by  uuid,
    version    integer     NOT NULL
);
CREATE INDEX service_case_open ON service_case (handler_id) WHERE state <> 'closed';
"""

_VISITS = """
CREATE TABLE visit (
    id                  uuid PRIMARY KEY,
    kind                text        NOT NULL,
    state               text        NOT NULL,
    revision            integer     NOT NULL CHECK (revision >= 1),
    party_id            uuid        NOT NULL REFERENCES party,
    address_id          text,
    asked_by_guest      boolean     NOT NULL,
    requester_id        uuid,
    host_id             uuid        NOT NULL,
    department_id       uuid        NOT NULL,
    purpose             text        NOT NULL,
    head_count          integer     NOT NULL CHECK (head_count >= 1),
    arrival             timestamptz NOT NULL,
    departure           timestamptz NOT NULL,
    zone                text        NOT NULL,
    short_notice_reason text,
    cancelled_because   text,
    arrived_at          timestamptz,
    departed_at         timestamptz,
    departure_assumed   boolean     NOT NULL,
    home_arrival        timestamptz,
    callback_outcome    text,
    closed_at           timestamptz,
    created_at          timestamptz NOT NULL,
    version             integer     NOT NULL,
    CHECK (departure > arrival)
);
CREATE INDEX visit_state_arrival ON visit (state, arrival);
CREATE INDEX visit_party ON visit (party_id);
CREATE TABLE visit_approval (
    visit_id     uuid        NOT NULL REFERENCES visit,
    revision     integer     NOT NULL,
    step         integer     NOT NULL,
    role         text        NOT NULL,
    approver_id  uuid        NOT NULL,
    acting_for   uuid,
    state        text        NOT NULL CHECK (state IN ('waiting', 'approved', 'returned', 'rejected', 'withdrawn')),
    snapshot     jsonb       NOT NULL,
    reason       text,
    requested_at timestamptz NOT NULL,
    decided_at   timestamptz,
    decided_by   uuid,
    PRIMARY KEY (visit_id, revision, step)
);
CREATE INDEX visit_approval_waiting ON visit_approval (approver_id) WHERE state = 'waiting';
CREATE FUNCTION visit_approval_is_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'waiting' OR NEW.snapshot <> OLD.snapshot THEN
        RAISE EXCEPTION 'a decided approval and its snapshot never change';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER visit_approval_kept BEFORE UPDATE OR DELETE ON visit_approval
    FOR EACH ROW EXECUTE FUNCTION visit_approval_is_kept();
"""


def upgrade() -> None:
    """Creates the tables module by module."""
    for tables in (_DIRECTORY, _CHANNELS, _PARTIES, _CASES, _VISITS):
        op.get_bind().exec_driver_sql(tables, execution_options={"no_parameters": True})


downgrade = forward_only
