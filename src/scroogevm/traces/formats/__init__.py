"""Formats of node traces: one module for each, found by its file name."""
