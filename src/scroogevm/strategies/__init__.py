"""Strategies: one module for each, found by its file name."""
