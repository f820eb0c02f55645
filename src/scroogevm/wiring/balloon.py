"""Builds memory companions from their settings."""

from scroogevm.balloon.fleet import BalloonFleet
from scroogevm.balloon.restoring import Say
from scroogevm.balloon.settings import BalloonSettings

__all__ = ["BalloonFleet", "balloon_fleet"]


def balloon_fleet(settings: BalloonSettings, say: Say) -> BalloonFleet:
    """The memory companion of all nodes.

    Args:
        settings: checked here.
        say: says a line.

    Raises:
        MisuseError: the settings make no sense, or another companion holds a node.
        OutputError: the data directory cannot be written.
    """
    return BalloonFleet(settings, settings.check(), say)
