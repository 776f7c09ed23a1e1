"""Callback rules: what leads to a callback, when it is due, how it is done and by whom."""
