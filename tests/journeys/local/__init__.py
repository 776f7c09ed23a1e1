"""Tests of the laptop stack."""
