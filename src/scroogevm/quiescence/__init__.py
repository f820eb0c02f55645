"""Quiescence tests: one module for each test, found by its file name."""
