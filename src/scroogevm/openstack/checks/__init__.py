"""Checks before writing a ratio: one module for each."""
