"""Nouns and array arithmetic: NumPy only, arrays over nodes, NaN where a sample is missing."""
