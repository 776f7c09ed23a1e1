"""A small PostgreSQL in memory: the core's own SQL, read committed, with row locks that are waited for."""
