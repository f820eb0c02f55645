"""The memory companion: takes back memory that guests do not need, and never hurts one."""
