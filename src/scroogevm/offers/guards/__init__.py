"""Guards: one a file. A file that is put here is tried on every offer, nothing else is edited."""
