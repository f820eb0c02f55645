"""File formats in and out, public data sets, placement, the synthetic generator."""
