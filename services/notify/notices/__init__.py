"""Notices: which event tells whom what, as rows."""
