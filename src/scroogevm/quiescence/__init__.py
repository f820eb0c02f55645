"""Quiescence tests: one file each, found by being here."""
