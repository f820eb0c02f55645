"""Refusals: one a file. A file that is put here is asked about every VM, nothing else is edited."""
