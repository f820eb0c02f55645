"""The common parts of modes that look at the host."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import Host, NodeFacts
from scroogevm.balloon.level import level_in_pieces
from scroogevm.balloon.mode import Leeway, Mode
from scroogevm.balloon.rule import Ask, OrderRule
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Floats
from scroogevm.offers.guard import percent


@dataclass(frozen=True)
class LevelledMode(Mode):
    """Takes from those who have most to spare, gives to those who have least."""

    @abstractmethod
    def lines(self) -> tuple[float, float, float]:
        """Free shares of the host, rising: it asks below, as much as brings it to, gives above."""

    def asks(self, host: Host) -> Ask:
        """What is missing to the lower line, or what is above the upper one."""
        if not (host.total > 0 and host.available >= 0):
            return Ask(0.0, 0.0)
        low, aim, fine = self.lines()
        little = host.available < low * host.total
        wanted = aim * host.total - host.available if little else 0.0
        return Ask(wanted, max(0.0, host.available - fine * host.total))

    def asking(self, host: Host) -> str:
        """What is free, and the two lines."""
        if not (host.total > 0 and host.available >= 0):
            return "The host does not report how much memory it has left: nothing is requested."
        low, _, fine = self.lines()
        left, share = mib(host.available), percent(host.available / host.total)
        return (
            f"The host has {left} left, {share} of its memory: it asks below {percent(low)}, and "
            f"gives back above {percent(fine)}."
        )

    def sizes(self, facts: NodeFacts, bounds: Leeway, order: OrderRule, ask: Ask) -> Floats:
        """What is needed in any case; then what is asked, or what there is room for."""
        actual = np.nan_to_num(facts.guests.actual)
        missing = bounds.raised - bounds.start
        start = bounds.start + np.where(missing >= bounds.smallest, missing, 0.0)
        coming = float(np.maximum(0.0, actual - start).sum())
        going = float(np.maximum(0.0, start - actual).sum())
        # who is refused may have no numbers, and neither gives nor gets
        spare = np.nan_to_num(order.spare(facts, start, bounds.floor))
        share = np.nan_to_num(order.share(facts), nan=1.0)
        cap = np.maximum(0.0, np.minimum(spare, start - bounds.least))
        lack = np.maximum(0.0, bounds.most - start)
        rest = np.minimum(bounds.smallest, bounds.top - start)
        taken = level_in_pieces(spare, share, cap, ask.wanted - coming, bounds.smallest)
        return start - taken + level_in_pieces(-spare, share, lack, ask.room - going, rest)

    def sentence(self, facts: NodeFacts, vm: int, change: float) -> str:
        """What it gives or gets."""
        del facts, vm
        if change < 0:
            return f"It gives {mib(-change)}."
        if change > 0:
            return f"It gets {mib(change)} back."
        return "Nothing is changed."
