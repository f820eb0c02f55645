"""Memory sizes that several makers of traces share."""

MIB_IN_GIB = 1024.0
"""MiB in a GiB."""

MEMORY_PER_CORE = 4 * MIB_IN_GIB
"""MiB of memory that a node has for each core unless told otherwise."""
