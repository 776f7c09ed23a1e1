"""Departments, staff, accounts, signing keys."""
