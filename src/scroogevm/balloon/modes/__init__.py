"""Modes: one a file. A file that is put here can be asked for by its name."""
