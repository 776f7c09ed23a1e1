"""Deadlines: when a first reply and a solution are owed, and whether they came in time."""
