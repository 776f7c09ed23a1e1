"""Approvals: who decides about what, step by step, and what exactly was decided."""
