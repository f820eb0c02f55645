"""Measures how much of a hypervisor node is really free, so that a scheduler can place more on it.

The heart is an engine that takes closed windows and returns estimates; ``scroogevm replay`` runs it
over recorded traces and scores every strategy.
"""

__version__ = "0.1.0"
