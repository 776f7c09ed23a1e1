-- What operators need: the brake, the place of long work that can be taken up again, and when a row was sent again.

-- One row stops one build of a consumer; another build does not mind it.
CREATE TABLE brake (
    consumer     text        NOT NULL,
    code_version text        NOT NULL,
    since        timestamptz NOT NULL,
    things       integer     NOT NULL,
    raised       integer     NOT NULL,
    reacted      integer     NOT NULL,
    reason       text        NOT NULL,
    PRIMARY KEY (consumer, code_version)
);

CREATE TABLE long_work (
    name       text        PRIMARY KEY,
    after      text        NOT NULL,
    done       bigint      NOT NULL,
    started_by text        NOT NULL,
    started_at timestamptz NOT NULL,
    moved_at   timestamptz NOT NULL
);

ALTER TABLE outbox ADD COLUMN replayed_at timestamptz;
