"""Tickets: register, judge, investigate, resolve, reopen, close."""
