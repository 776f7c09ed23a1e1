"""Parties: whom we deal with, how to reach them, and who might be the same."""
