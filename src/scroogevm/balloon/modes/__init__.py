"""Modes: one module for each, selected by its name."""
