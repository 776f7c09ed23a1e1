"""This service's tables for SQLAlchemy Core: each module's `store.py` adds its own here."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
