"""Data types and array arithmetic: NumPy only, arrays over nodes, NaN for missing samples."""
