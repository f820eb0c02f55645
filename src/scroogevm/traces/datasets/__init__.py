"""Layouts of public VM data sets: one module for each, found by its file name."""
