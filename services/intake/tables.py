"""intake's own tables share one MetaData; the columns that recur are named here once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Integer, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def identifier(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[UUID]:
    """A UUID."""
    return Column(name, Uuid, nullable=nullable, primary_key=primary_key)


def words(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    """Text of any length; the edges hold it short."""
    return Column(name, Text, nullable=nullable, primary_key=primary_key)


def instant(name: str, *, nullable: bool = False) -> Column[datetime]:
    """An instant in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def number(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    """A count, or a version that rises by one with each change."""
    return Column(name, Integer, nullable=nullable, primary_key=primary_key)


def document(name: str, *, nullable: bool = False) -> Column[Any]:
    """JSON."""
    return Column(name, JSONB, nullable=nullable)
