"""Faults under load: a house of real processes, a ledger of what was asked of it, and a matrix of what goes wrong."""
