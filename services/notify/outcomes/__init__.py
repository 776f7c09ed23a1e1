"""Outcomes: what follows when a message has ended, well or badly."""
