"""Appointments: a customer takes a slot of a department, moves it, gives it back (IN-02, IN-03, FM-06)."""
