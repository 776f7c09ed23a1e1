"""Tests on a broker that asks for logins and denies what is not granted."""
