"""Channels and what comes in over them."""
