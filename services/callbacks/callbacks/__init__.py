"""Callbacks: one planned contact each, its attempts and its end."""
