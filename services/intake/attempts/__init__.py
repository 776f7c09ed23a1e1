"""Attempts: how often somebody outside has tried something lately."""
