"""Refusals: one module for each; a file in this package is applied to every VM."""
