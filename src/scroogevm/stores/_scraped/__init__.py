"""Stores that hold what exporters said: samples are made when they are read."""
