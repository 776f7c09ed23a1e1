"""Budgets: what a visit is planned to cost, line by line, against what its standard allows."""
