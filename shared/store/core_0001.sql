-- The core's tables, the same in every service's database. Frozen once released: later changes come as core_0002.sql.

-- Debezium's outbox column names, so that change data capture can take the relay's place.
CREATE TABLE outbox (
    position      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            text        NOT NULL UNIQUE,
    aggregatetype text        NOT NULL,
    aggregateid   text        NOT NULL,
    type          text        NOT NULL,
    payload       bytea,
    headers       jsonb       NOT NULL,
    sequence      bigint,
    about         jsonb       NOT NULL DEFAULT '[]',
    created_at    timestamptz NOT NULL,
    published_at  timestamptz,
    stuck_reason  text
);
CREATE INDEX outbox_unpublished ON outbox (position) WHERE published_at IS NULL;
CREATE INDEX outbox_published_at ON outbox (published_at) WHERE published_at IS NOT NULL;
CREATE INDEX outbox_about ON outbox USING gin (about);

CREATE TABLE sequence (
    topic text   NOT NULL,
    key   text   NOT NULL,
    last  bigint NOT NULL,
    PRIMARY KEY (topic, key)
);

CREATE TABLE lease (
    name   text PRIMARY KEY,
    holder text        NOT NULL,
    until  timestamptz NOT NULL
);

CREATE TABLE inbox (
    consumer   text   NOT NULL,
    source     text   NOT NULL,
    topic      text   NOT NULL,
    key        text   NOT NULL,
    last       bigint NOT NULL,
    first_seen bigint NOT NULL,
    PRIMARY KEY (consumer, source, topic, key)
);

CREATE TABLE inbox_fact (
    consumer    text        NOT NULL,
    source      text        NOT NULL,
    id          text        NOT NULL,
    body_hash   bytea       NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, source, id)
);
CREATE INDEX inbox_fact_received_at ON inbox_fact (received_at);

CREATE TABLE held (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer     text        NOT NULL,
    source       text        NOT NULL,
    topic        text        NOT NULL,
    key          text        NOT NULL,
    sequence     bigint,
    event_id     text,
    type         text,
    "partition"  integer     NOT NULL,
    "offset"     bigint      NOT NULL,
    record_key   bytea,
    value        bytea,
    headers      jsonb       NOT NULL,
    about        jsonb       NOT NULL DEFAULT '[]',
    needs        jsonb       NOT NULL DEFAULT '[]',
    state        text        NOT NULL CHECK (state IN ('waiting', 'failed', 'refused', 'dead')),
    reason       text        NOT NULL,
    tries        integer     NOT NULL DEFAULT 0,
    next_try     timestamptz,
    code_version text        NOT NULL,
    held_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX held_sequenced ON held (consumer, source, topic, key, sequence) WHERE sequence IS NOT NULL;
CREATE UNIQUE INDEX held_fact ON held (consumer, source, event_id, reason)
    WHERE sequence IS NULL AND event_id IS NOT NULL;
CREATE UNIQUE INDEX held_unreadable ON held (consumer, topic, "partition", "offset")
    WHERE event_id IS NULL AND sequence IS NULL;
CREATE INDEX held_due ON held (next_try) WHERE next_try IS NOT NULL;
CREATE INDEX held_needs ON held USING gin (needs);
CREATE INDEX held_about ON held USING gin (about);

CREATE TABLE copy (
    topic    text        NOT NULL,
    key      text        NOT NULL,
    source   text        NOT NULL,
    sequence bigint      NOT NULL,
    gone     boolean     NOT NULL DEFAULT false,
    body     jsonb,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (topic, key)
);
CREATE INDEX copy_body ON copy USING gin (body jsonb_path_ops);

CREATE TABLE timer (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind           text        NOT NULL,
    subject        text        NOT NULL,
    due            timestamptz NOT NULL,
    data           jsonb       NOT NULL DEFAULT '{}',
    correlation_id text        NOT NULL,
    causation_id   text,
    hops           integer     NOT NULL,
    traceparent    text,
    tries          integer     NOT NULL DEFAULT 0,
    next_try       timestamptz NOT NULL,
    reason         text,
    fired_at       timestamptz
);
CREATE UNIQUE INDEX timer_pending ON timer (kind, subject) WHERE fired_at IS NULL;
CREATE INDEX timer_due ON timer (next_try) WHERE fired_at IS NULL;

CREATE TABLE audit (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL,
    actor        text        NOT NULL,
    action       text        NOT NULL,
    subject_kind text        NOT NULL,
    subject_id   text        NOT NULL,
    detail       jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_subject ON audit (subject_kind, subject_id);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit rows are append-only'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

CREATE TABLE idempotency (
    caller     text        NOT NULL,
    path       text        NOT NULL,
    key        text        NOT NULL,
    body_hash  bytea       NOT NULL,
    status     integer,
    answer     jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller, path, key)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);
