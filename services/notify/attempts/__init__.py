"""Attempts: every call of a provider, written down before it is made."""
