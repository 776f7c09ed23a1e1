"""Journeys in one process, their events in any order across topics and things: the end must be the same."""
