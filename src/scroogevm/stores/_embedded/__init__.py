"""The parts of the embedded store.

A sample is first a row of ``recent``, one blob that holds all its numbers. When a node's five
minutes are over, its rows become one *chunk*: a head (times, the node's numbers, which VM was there
when) and one blob for each quantity of its VMs, so that only what is asked for is unpacked.
"""
