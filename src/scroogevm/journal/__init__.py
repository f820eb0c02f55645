"""Persistent state of the service: one SQLite file, one transaction a window."""

from scroogevm.journal.journal import Commit, Event, Journal

__all__ = ["Commit", "Event", "Journal"]
