"""The tables in code are those that the migrations make."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import MetaData, create_engine, inspect

from services.intake.service import service
from services.intake.tables import metadata
from shared.store.database import engine_url


def test_the_migrated_database_has_the_columns_that_the_code_names(database_of: Callable[[str], str]) -> None:
    assert service.name == "intake"  # with the service, every module's tables have joined the metadata
    engine = create_engine(engine_url(database_of("intake")))
    migrated = MetaData()
    migrated.reflect(engine, only=list(metadata.tables))
    for name, table in metadata.tables.items():
        wanted = {(column.name, str(column.type.compile(engine.dialect)), column.nullable) for column in table.columns}
        made = {
            (column.name, str(column.type.compile(engine.dialect)), column.nullable)
            for column in migrated.tables[name].columns
        }
        assert made == wanted, name
    assert inspect(engine).has_sequence("case_number")
    engine.dispose()
