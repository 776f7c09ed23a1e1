"""Receipts: what providers say became of a message, matched whenever they come."""
