"""Threads: open questions to addresses, and over which of our addresses the answer comes back."""
