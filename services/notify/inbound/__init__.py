"""Inbound: SMS and mail that people and machines send to us."""
