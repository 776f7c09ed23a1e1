"""Surveys: what a party answered, in its own words and in three points (CB-16)."""
