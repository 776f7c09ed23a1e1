"""What PostgreSQL refuses for reasons that pass is tried again; only what keeps failing is held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from shared.contracts.envelope import Envelope
from shared.contracts.events.complaint_progressed import ComplaintProgressed
from shared.messaging.batch import TRIES, away_pause
from shared.messaging.held_retry import HeldRetry
from shared.messaging.reactions import Reaction
from shared.store.database import Database
from shared.store.unit_of_work import UnitOfWork
from tests.support.core import Bench, effect, progressed, record, service_of

_LOCKED = (
    "CREATE FUNCTION locked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF nextval('tries') < {TRIES + 3} THEN RAISE SQLSTATE '55P03'; END IF; RETURN NEW; END $$"
)


class TestDatabaseTrouble:
    """Refusals that pass are tried again; only what keeps failing is held."""

    async def test_a_serialization_failure_passes(self, database_of: Callable[[str], str]) -> None:
        bench = await self.bench(database_of, "40001", times=2)
        await bench.batches.process([record(progressed(uuid4()), 1)])
        assert len(await bench.effects()) == 1
        assert await bench.held_rows() == []
        await bench.database.close()

    async def test_one_that_never_passes_is_held(self, database_of: Callable[[str], str]) -> None:
        bench = await self.bench(database_of, "40001", times=100)
        await bench.batches.process([record(progressed(uuid4()), 1)])
        assert [row[1:] for row in await bench.held_rows()] == [(1, "failed", "OperationalError 40001")]
        await bench.database.close()

    async def test_one_that_cannot_be_held_either_is_waited_for(self, database_of: Callable[[str], str]) -> None:
        """Somebody has locked what holding needs: ending the process would only begin the same anew."""
        bench = await self.bench(database_of, "40001", times=100)
        await bench.rows("CREATE SEQUENCE tries")  # counts on through every rollback
        await bench.rows(_LOCKED)
        await bench.rows("CREATE TRIGGER locked BEFORE INSERT ON held FOR EACH ROW EXECUTE FUNCTION locked()")
        await bench.batches.process([record(progressed(uuid4()), 1)])
        assert [row[1:] for row in await bench.held_rows()] == [(1, "failed", "OperationalError 40001")]
        assert await bench.rows("SELECT last_value FROM tries") == [TRIES + 3]
        await bench.database.close()

    async def test_a_lost_connection_is_waited_out(self, database_of: Callable[[str], str]) -> None:
        bench = await self.bench(database_of, None, times=2)
        await bench.batches.process([record(progressed(uuid4()), 1)])
        assert len(await bench.effects()) == 1
        assert bench.health.not_ready is None
        await bench.database.close()

    def test_an_absent_server_is_asked_for_once_a_second_however_long_it_is_away(self) -> None:
        """What is back must be of use within three seconds; a pause that grows to five forbade that."""
        assert [away_pause(times) for times in (1, 3, 5, 60, 10_000)] == [0.2, 0.8, 1.0, 1.0, 1.0]

    async def test_what_a_batch_released_is_left_to_the_clock_when_the_database_has_gone_meanwhile(
        self, database_of: Callable[[str], str]
    ) -> None:
        """The batch is committed: its consumer must not end for what comes after it."""
        bench = await self.bench(database_of, None, times=0)
        nowhere = Database("postgresql://callbacks@127.0.0.1:1/callbacks", "callbacks")
        held = HeldRetry(nowhere, bench.batches, bench.service.group, "test")
        await held.run_released()
        await bench.rows("DROP TABLE held")
        with pytest.raises(ProgrammingError):
            await bench.held.run_released()
        await nowhere.close()
        await bench.database.close()

    async def bench(self, database_of: Callable[[str], str], sqlstate: str | None, times: int) -> Bench:
        left = [times]

        async def react(uow: UnitOfWork, event: Any, envelope: Envelope) -> None:
            await effect(uow, event, envelope)
            if left[0] > 0:
                left[0] -= 1
                if sqlstate is None:
                    await uow.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
                else:
                    await uow.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$"))

        reactions = [Reaction(ComplaintProgressed, react)]
        return await Bench(service_of("callbacks", database_of("callbacks"), reactions)).prepare()
