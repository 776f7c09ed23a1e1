"""The tables in code are those that the migrations make."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import MetaData, create_engine

from services.callbacks.callbacks import store as _callbacks  # noqa: F401 - its tables join the metadata
from services.callbacks.metadata import metadata
from services.callbacks.surveys import store as _surveys  # noqa: F401
from shared.store.database import engine_url


def test_the_migrated_database_has_the_columns_that_the_code_names(database_of: Callable[[str], str]) -> None:
    engine = create_engine(engine_url(database_of("callbacks")))
    migrated = MetaData()
    migrated.reflect(engine, only=list(metadata.tables))
    for name, table in metadata.tables.items():
        wanted = {(column.name, str(column.type.compile(engine.dialect)), column.nullable) for column in table.columns}
        made = {
            (column.name, str(column.type.compile(engine.dialect)), column.nullable)
            for column in migrated.tables[name].columns
        }
        assert made == wanted, name
    engine.dispose()
