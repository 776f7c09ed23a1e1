"""What of a database leaves the process in logs and spans: statements and codes, never values."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.otlp import Received, otlp_receiver
from tests.support.scripts import run_script

SCRIPT = """
import asyncio, os
from opentelemetry.trace import SpanKind
from sqlalchemy import text
from shared.runtime.settings import CommonSettings
from shared.store.database import Database
from shared.telemetry import logs, tracing
from shared.telemetry.instrumenting import instrument_database

logs.configure("intake", ("api",))
telemetry = tracing.configure("intake", ("api",), CommonSettings())
log = logs.logger("test")

async def main():
    database = Database(os.environ["DATABASE_URL"], "intake")
    instrument_database(database)
    insert = text("INSERT INTO sequence (topic, key, last) VALUES (:topic, :key, 1)")
    with tracing.step("work"):
        for _ in range(2):
            try:
                async with database.connection() as connection:
                    await connection.execute(insert, {"topic": "t", "key": "Zhang San 13800138000"})
            except Exception as error:
                log.error("could not write", exc_info=error, cause=error)
    await database.close()

asyncio.run(main())
telemetry.shutdown()
"""


@pytest.fixture
def otlp() -> Iterator[Received]:
    with otlp_receiver() as received:
        yield received


def test_neither_a_log_line_nor_a_span_holds_the_values_of_a_statement_that_fails(
    database_of: Callable[[str], str], otlp: Received
) -> None:
    """PostgreSQL's DETAIL prints the key that is there already, and the instrumentation prints the DETAIL."""
    ended = run_script(
        SCRIPT,
        {
            "DATABASE_URL": database_of("intake"),
            "FRONTDESK_OTLP_ENDPOINT": otlp.endpoint,
            "FRONTDESK_TRACE_SHARE": "1",
        },
    )

    assert ended.returncode == 0, ended.stderr
    assert '"class":"sqlalchemy.exc.IntegrityError","code":"23505"' in ended.stdout
    assert '"cause":"sqlalchemy.exc.IntegrityError 23505"' in ended.stdout
    (work,) = otlp.named("work")
    statements = [span for span in otlp.spans if span.parent_id == work.span_id]
    assert [span.failed for span in statements if "INSERT" in span.name] == [False, True]
    assert all("VALUES" in span.attributes["db.query.text"] for span in statements if "INSERT" in span.name)
    everything = ended.stdout + ended.stderr + b"".join(otlp.raw).decode(errors="replace")
    assert "Zhang" not in everything
    assert "13800138000" not in everything
