"""Table and queries of attempts: a counter per scope, with the end of its window."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table, case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.tables import instant, metadata, number, words
from shared.store.unit_of_work import UnitOfWork

attempt = Table("attempt", metadata, words("scope", primary_key=True), number("attempts"), instant("until"))


async def count(uow: UnitOfWork, scope: str, until: datetime) -> tuple[int, datetime]:
    """Counts one more attempt of `scope` and gives (attempts in its window, when the window ends)."""
    over = attempt.c.until <= uow.now
    counted = await uow.execute(
        upsert(attempt)
        .values(scope=scope, attempts=1, until=until)
        .on_conflict_do_update(
            index_elements=["scope"],
            set_={
                "attempts": case((over, 1), else_=attempt.c.attempts + 1),
                "until": case((over, until), else_=attempt.c.until),
            },
        )
        .returning(attempt.c.attempts, attempt.c.until)
    )
    row = counted.one()
    return row.attempts, row.until


async def forget(uow: UnitOfWork, scope: str) -> None:
    """The scope starts anew."""
    await uow.execute(delete(attempt).where(attempt.c.scope == scope))


async def forgive(uow: UnitOfWork, scope: str) -> None:
    """The scope gets one attempt back."""
    fewer = func.greatest(attempt.c.attempts - 1, 0)
    await uow.execute(update(attempt).where(attempt.c.scope == scope).values(attempts=fewer))


async def purge(uow: UnitOfWork) -> None:
    """Drops windows that have ended, but waits for nobody: others lock two of these rows at a time."""
    ended = select(attempt.c.scope).where(attempt.c.until <= uow.now).with_for_update(skip_locked=True)
    await uow.execute(delete(attempt).where(attempt.c.scope.in_(ended)))
