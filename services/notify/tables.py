"""Where notify's tables gather; each module's `store.py` puts its own here, a test holds them against the database."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, MetaData, Text

notify = MetaData()


def instant(name: str, *, nullable: bool = False) -> Column[object]:
    """A `timestamptz` column."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def words(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    """A `text` column."""
    return Column(name, Text, nullable=nullable, primary_key=primary_key)
