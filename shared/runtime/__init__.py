"""Roles as processes: composition, supervisor, drain, health."""
