"""Sender: the role that brings due messages to the providers."""
