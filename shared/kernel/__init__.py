"""What has no I/O: ids, clock, calendar, categories, state machines, errors."""
