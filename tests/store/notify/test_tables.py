"""The tables in code and the migrated database are the same."""

from __future__ import annotations

import importlib
import pkgutil

import services.notify
from services.notify.tables import notify
from shared.store.tables import core
from tests.store.notify.world import World


async def test_every_column_in_code_is_in_the_database_and_the_other_way_round(world: World) -> None:
    for module in pkgutil.walk_packages(services.notify.__path__, "services.notify."):
        if module.name.endswith(".store"):
            importlib.import_module(module.name)
    in_code = {
        (table.name, column.name, column.nullable) for table in notify.tables.values() for column in table.columns
    }
    names = [table.name for table in notify.tables.values()]
    in_database = await world.bench.rows(
        "SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = ANY(:names)",
        names=names,
    )
    assert in_code == set(in_database)
    own = await world.bench.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert set(own) - set(core.tables) - {"alembic_version"} == set(names)
