"""Standard sets, who uses them, levels judged by them, and budgets held against them."""

from __future__ import annotations

from alembic import op

from shared.store.migrations import forward_only

revision = "0005"
down_revision = "0004"

_STANDARDS = """
CREATE TABLE standard_set (
    id           uuid PRIMARY KEY,
    code         text        NOT NULL,
    edition      integer     NOT NULL CHECK (edition >= 1),
    state        text        NOT NULL CHECK (state IN ('draft', 'published', 'retired', 'discarded')),
    outline      jsonb       NOT NULL,
    copied_from  uuid REFERENCES standard_set,
    created_by   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    published_by text,
    published_at timestamptz,
    retired_by   text,
    retired_at   timestamptz,
    version      integer     NOT NULL,
    UNIQUE (code, edition)
);
CREATE UNIQUE INDEX standard_set_in_force ON standard_set (code) WHERE state = 'published';
CREATE UNIQUE INDEX standard_set_in_work ON standard_set (code) WHERE state = 'draft';
CREATE TABLE standard_cell (
    set_id       uuid NOT NULL REFERENCES standard_set,
    item         text NOT NULL,
    level        text NOT NULL,
    host_rank    text NOT NULL,
    kind         text NOT NULL,
    lower        bigint CHECK (lower >= 0),
    upper        bigint CHECK (upper >= 0),
    basis        text,
    note         jsonb,
    readings     jsonb NOT NULL,
    confirmed_by uuid,
    confirmed_at timestamptz,
    PRIMARY KEY (set_id, item, level, host_rank)
);
CREATE FUNCTION standard_set_is_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' OR NEW.code <> OLD.code OR NEW.edition <> OLD.edition
       OR (OLD.state <> 'draft' AND (NEW.outline <> OLD.outline OR NEW.state = 'draft')) THEN
        RAISE EXCEPTION 'a standard set that was published never changes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER standard_set_kept BEFORE UPDATE OR DELETE ON standard_set
    FOR EACH ROW EXECUTE FUNCTION standard_set_is_kept();
CREATE FUNCTION standard_cell_is_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE
    changed uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.set_id ELSE NEW.set_id END;
BEGIN
    IF EXISTS (SELECT FROM standard_set WHERE id = changed AND state = 'draft') THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.kind = 'needs-confirmation' AND NEW.confirmed_by IS NOT NULL
       AND (NEW.set_id, NEW.item, NEW.level, NEW.host_rank, NEW.readings)
         = (OLD.set_id, OLD.item, OLD.level, OLD.host_rank, OLD.readings) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'cells change only in a draft; elsewhere an unclear one is confirmed once';
END $$;
CREATE TRIGGER standard_cell_kept BEFORE INSERT OR UPDATE OR DELETE ON standard_cell
    FOR EACH ROW EXECUTE FUNCTION standard_cell_is_kept();
CREATE TABLE standard_use (
    department_id uuid PRIMARY KEY REFERENCES department,
    code          text        NOT NULL,
    set_by        uuid        NOT NULL,
    set_at        timestamptz NOT NULL
);
"""

_LEVELS = """
CREATE TABLE visit_level (
    visit_id        uuid        NOT NULL REFERENCES visit,
    number          integer     NOT NULL CHECK (number >= 1),
    revision        integer     NOT NULL CHECK (revision >= 1),
    set_id          uuid        NOT NULL REFERENCES standard_set,
    proposed        text        NOT NULL,
    proposed_by_row integer,
    because         jsonb       NOT NULL,
    level           text        NOT NULL,
    host_rank       text,
    reason          text,
    judged_by       uuid        NOT NULL,
    judged_at       timestamptz NOT NULL,
    PRIMARY KEY (visit_id, number)
);
CREATE FUNCTION visit_level_is_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a judgement is never changed, a newer one counts'; END $$;
CREATE TRIGGER visit_level_kept BEFORE UPDATE OR DELETE ON visit_level
    FOR EACH STATEMENT EXECUTE FUNCTION visit_level_is_kept();
"""

_BUDGETS = """
CREATE TABLE visit_budget (
    visit_id             uuid        NOT NULL REFERENCES visit,
    revision             integer     NOT NULL CHECK (revision >= 1),
    bearer_department_id uuid        NOT NULL REFERENCES department,
    currency             text        NOT NULL,
    planned_by           uuid        NOT NULL,
    planned_at           timestamptz NOT NULL,
    version              integer     NOT NULL,
    PRIMARY KEY (visit_id, revision)
);
CREATE TABLE visit_budget_line (
    visit_id uuid    NOT NULL,
    revision integer NOT NULL,
    number   integer NOT NULL CHECK (number >= 1),
    item     text    NOT NULL,
    minor    bigint  NOT NULL CHECK (minor >= 0),
    quantity integer CHECK (quantity >= 1),
    note     text,
    PRIMARY KEY (visit_id, revision, number),
    FOREIGN KEY (visit_id, revision) REFERENCES visit_budget
);
CREATE TABLE budget_exemption (
    id         uuid PRIMARY KEY,
    visit_id   uuid        NOT NULL REFERENCES visit,
    item       text        NOT NULL,
    up_to      bigint      NOT NULL CHECK (up_to >= 0),
    currency   text        NOT NULL,
    set_code   text        NOT NULL,
    edition    integer     NOT NULL,
    level      text        NOT NULL,
    host_rank  text,
    reason     text        NOT NULL,
    state      text        NOT NULL CHECK (state IN ('asked', 'granted', 'refused', 'withdrawn')),
    asked_by   uuid        NOT NULL,
    asked_at   timestamptz NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    version    integer     NOT NULL,
    CHECK (state NOT IN ('granted', 'refused') OR decided_by <> asked_by)
);
CREATE INDEX budget_exemption_visit ON budget_exemption (visit_id);
"""


def upgrade() -> None:
    """Creates the tables module by module."""
    for tables in (_STANDARDS, _LEVELS, _BUDGETS):
        op.get_bind().exec_driver_sql(tables, execution_options={"no_parameters": True})


downgrade = forward_only
