"""One file per event, named after it."""
