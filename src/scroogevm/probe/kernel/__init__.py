"""Reads the kernel of the node: /proc, /sys, control groups, performance counters."""
