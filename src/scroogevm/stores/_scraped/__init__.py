"""Stores of scraped metrics: samples are computed when they are read."""
