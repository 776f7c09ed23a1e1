"""When a department works: its own days and hours, the rest from the department above."""
