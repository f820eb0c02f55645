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
    """The limit of a guard for some nodes.

    Attributes:
        case: names the sentence of the guard that applies.
        state: of the offer if the limit applies.
        where: (nodes,), whether it applies.
        at_least: (nodes,), lower bound of demand; None for no limit.
        at_most: (nodes,), upper bound of free; None for no limit.
        always: whether the reason is published even if the offer was already low enough.
    """

    case: str
    state: State
    where: Bools
    at_least: Floats | None = None
    at_most: Floats | None = None
    always: bool = True

    def on(self, offer: Offer) -> Offer:
        """The offer with this limit."""
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
    """Limits an offer before it is published. One file in ``offers/guards/``, pure, without state.

    Attributes:
        place: guards are applied in this order; each gets the offer of the one before.
    """

    place: ClassVar[int]

    @abstractmethod
    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """Its limits for nodes.

        A limit depends on facts, on demand, and on whether free is above a value. So more usage or
        a worse fact never gives a larger offer, and a second application changes nothing.
        """

    @abstractmethod
    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The reason why a limit applies to a node, in plain words.

        Args:
            case: of the limit.
            facts: of the limit.
            node: row of the node.
        """


GUARDS = Family("scroogevm.offers.guards", "guard", ("cpu", "mem"))


def seconds(value: float) -> str:
    """A duration in words.

    >>> seconds(80.0), seconds(600.0), seconds(float("nan"))
    ('80 s', '10 min', 'an unknown time')
    """
    if not np.isfinite(value):
        return "an unknown time"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"


def amount(value: float, unit: str) -> str:
    """An amount of a resource in words.

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
