"""Formats of node traces, which can be replayed: one file each, found by being here."""
