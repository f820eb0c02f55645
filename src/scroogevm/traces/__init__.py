"""Trace formats, public data sets, placement, and the synthetic generator."""
