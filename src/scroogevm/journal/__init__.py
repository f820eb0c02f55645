"""What the service must not forget: one SQLite file, one transaction a window."""

from scroogevm.journal.journal import Commit, Event, Journal

__all__ = ["Commit", "Event", "Journal"]
