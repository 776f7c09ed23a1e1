"""Tokens, passwords, permissions."""
