"""OpenTelemetry's instrumentations of FastAPI and SQLAlchemy. Kafka's are left off: old names, a second traceparent."""

from __future__ import annotations

from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor

from shared.store.database import Database


def instrument_app(app: FastAPI) -> None:
    """A span per request, but not for probes; none for single ASGI messages."""
    FastAPIInstrumentor.instrument_app(app, excluded_urls="livez,readyz", exclude_spans=["receive", "send"])


def instrument_database(database: Database) -> None:
    """A span per statement of a sampled trace, with the statement's text but never its parameters."""
    # The package names SQLAlchemy < 2.1 as what it knows; the events that it listens to are the same in 2.1
    # (tests/store/telemetry holds this).
    SQLAlchemyInstrumentor().instrument(engine=database.engine.sync_engine, skip_dep_check=True)
