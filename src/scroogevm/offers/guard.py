"""The interface of a guard: a limit on offers, and a sentence with the reason."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.offers.facts import Facts
from scroogevm.offers.offer import Offer, State
from scroogevm.registry import Family, Plugin


@dataclass(frozen=True, eq=False)
class Limit:
    """What a guard demands of some nodes.

    Attributes:
        case: which of the guard's sentences holds.
        state: what the offer becomes where it applies.
        where: (nodes,), where it applies.
        at_least: (nodes,), demand is no less there; None for no limit.
        at_most: (nodes,), free is no more there; None for no limit.
        always: whether it is told even where the offer was low enough already.
    """

    case: str
    state: State
    where: Bools
    at_least: Floats | None = None
    at_most: Floats | None = None
    always: bool = True

    def on(self, offer: Offer) -> Offer:
        """The offer that it leaves."""
        at_least, at_most = self.at_least, self.at_most
        return offer.limited(
            np.full(self.where.shape, -np.inf)
            if at_least is None
            else np.where(self.where, at_least, -np.inf),
            np.full(self.where.shape, np.inf)
            if at_most is None
            else np.where(self.where, at_most, np.inf),
        )


class Guard(Plugin, ABC):
    """Says how much of an offer may be told. One file in ``offers/guards/``, pure, without state.

    Attributes:
        place: guards are tried in this order; each sees what those before it left.
    """

    place: ClassVar[int]

    @abstractmethod
    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """What it demands of each node.

        A limit depends on facts, on demand, and on whether free is above something: so that more
        usage, or a worse fact, never gives more, and asking again changes nothing.
        """

    @abstractmethod
    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """Why a limit applies to a node, in plain words.

        Args:
            case: of the limit.
            facts: that it was judged by.
            node: row of the node.
        """


GUARDS = Family("scroogevm.offers.guards", "guard", ("cpu", "mem"))


def seconds(value: float) -> str:
    """Seconds in words.

    >>> seconds(80.0), seconds(600.0), seconds(float("nan"))
    ('80 s', '10 min', 'an unknown time')
    """
    if not np.isfinite(value):
        return "an unknown time"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"


def amount(value: float, unit: str) -> str:
    """So much of a resource.

    >>> amount(2.25, "cores"), amount(2048.0, "MiB"), amount(1.0, "cores")
    ('2.25 cores', '2048 MiB', '1 core')
    """
    text = f"{value:.0f}" if unit == "MiB" else f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{text} core" if text == "1" and unit == "cores" else f"{text} {unit}"


def percent(value: float) -> str:
    """A share in per cent.

    >>> percent(0.125), percent(float("nan"))
    ('12.5 %', 'an unknown share')
    """
    return f"{100 * value:.3g} %" if np.isfinite(value) else "an unknown share"
