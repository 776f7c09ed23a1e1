"""Visits: somebody asks to come, somebody approves, we receive them and ask them afterwards."""
