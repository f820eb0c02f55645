"""Sinks of offers: one module for each kind."""
