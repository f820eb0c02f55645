"""Checks whether a balloon does what was requested, and whether somebody else resized it."""

from dataclasses import dataclass

from scroogevm.balloon.journal import Held

SAME = 2.0
"""MiB: sizes that differ by no more are the same."""
OLD = 2.5
"""Seconds that a size which libvirt tells may be old: QEMU tells it once a second."""
PATIENCE = 5.0
"""Seconds in which a balloon has to begin to follow; it takes less than one."""


@dataclass(frozen=True)
class Following:
    """How a request goes.

    Attributes:
        held: what is known of it by now.
        ignored: looks in a row at which it had not moved.
        last: MiB at the last look.
    """

    held: Held
    ignored: int = 0
    last: float | None = None

    def then(self, actual: float, since: float, *, deflates: bool) -> "Following":
        """After another look.

        On its way a balloon is between what it was and what it was asked to be. Outside of that
        somebody else asked, and also where it had arrived and is elsewhere now. Just after a
        request nobody can tell: the size may be one from before it.

        Args:
            actual: MiB that it leaves now.
            since: seconds since it was asked.
            deflates: whether the guest may deflate it by itself.
        """
        held = self.held
        if abs(actual - held.asked) <= SAME:  # also once a guest that was booted anew is back there
            return Following(held._replace(reached=True, taken=False), 0, actual)
        low, high = sorted((held.before, held.asked))
        grown = deflates and actual > held.asked
        elsewhere = held.taken or held.reached or not low - SAME <= actual <= high + SAME
        if elsewhere and not grown and (held.taken or since >= OLD):
            return Following(held._replace(taken=True), self.ignored, actual)
        moved = self.last is None or abs(actual - self.last) >= 1.0
        stuck = since >= PATIENCE and not moved
        return Following(held, self.ignored + 1 if stuck else 0, actual)


def is_same_run(held: Held, run: int, spent: float) -> bool:
    """Whether a VM still runs as it did; after a restart its balloon is as it was defined.

    Numbers of runs begin anew when the node does, and so does the cpu time of a VM.
    """
    return run == held.run and spent >= held.spent - 1.0
