"""The one MetaData that this service's tables register with; a test compares it with the migrated database."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
