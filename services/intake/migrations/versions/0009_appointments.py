"""Appointments: what is offered, who has which place; attempts are counted for more than signing in."""

from __future__ import annotations

from alembic import op

from shared.store.migrations import forward_only

revision = "0009"
down_revision = "0008"

_STATEMENTS = """
CREATE TABLE appointment_offer (
    code           text PRIMARY KEY,
    department_id  uuid    NOT NULL REFERENCES department,
    host_id        uuid    NOT NULL,
    names          jsonb   NOT NULL,
    minutes        integer NOT NULL CHECK (minutes > 0),
    places         integer NOT NULL CHECK (places > 0),
    days_ahead     integer NOT NULL CHECK (days_ahead >= 0),
    notice_minutes integer NOT NULL CHECK (notice_minutes >= 0),
    asks_plate     boolean NOT NULL,
    closed         boolean NOT NULL,
    version        integer NOT NULL
);
CREATE INDEX appointment_offer_host ON appointment_offer (host_id);
CREATE TABLE appointment (
    visit_id   uuid PRIMARY KEY REFERENCES visit,
    offer_code text        NOT NULL REFERENCES appointment_offer,
    starts     timestamptz NOT NULL,
    ends       timestamptz NOT NULL,
    place      integer     NOT NULL CHECK (place >= 0),
    held       boolean     NOT NULL,
    address_id text        NOT NULL,
    form_id    uuid UNIQUE,
    plate      text,
    CHECK (ends > starts)
);
CREATE UNIQUE INDEX appointment_place_once ON appointment (offer_code, starts, place) WHERE held;
CREATE INDEX appointment_held ON appointment (offer_code, ends) WHERE held;
CREATE INDEX appointment_address ON appointment (address_id, starts) WHERE held;
ALTER TABLE sign_in_attempt RENAME TO attempt;
"""


def upgrade() -> None:
    """Adds what is new; nobody had an appointment before."""
    op.get_bind().exec_driver_sql(_STATEMENTS, execution_options={"no_parameters": True})


downgrade = forward_only
