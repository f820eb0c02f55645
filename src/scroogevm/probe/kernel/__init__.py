"""What the kernel of the node says: /proc, /sys, control groups, performance counters."""
