"""Finds the terms of a quantity from its formula."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.telemetry import quantities, terms
from scroogevm.telemetry.joined import SHARED
from scroogevm.telemetry.quantities import Pair

_ALWAYS = {"clock", "interval", "up", "state", "listed", *SHARED}
"""Terms that say how others are to be taken."""


class _Asked(Mapping[str, Floats]):
    """Terms of one element; it records the terms that are read."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, term: str) -> Floats:
        self.names.add(term)
        return np.zeros(1)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def needed(wanted: Iterable[str]) -> tuple[set[str], set[str]]:
    """Terms of nodes, and of VMs, that some quantities are made of.

    >>> sorted(needed(["cpu_usage", "cpu"])[0] - needed([])[0])
    ['cpu_time']
    """
    wanted = {*wanted, "cpu"}  # the check for absurd values needs the capacity
    node = _terms(quantities.NODE, wanted) | (_ALWAYS & terms.NODE.keys())
    return node, _terms(quantities.VM, wanted) | (_ALWAYS & terms.VM.keys())


def _terms(formulas: Mapping[str, Callable[[Pair], Floats]], wanted: set[str]) -> set[str]:
    asked = _Asked()
    pair = Pair(1, asked, asked, np.ones(1), np.ones(1))
    for quantity in wanted & formulas.keys():
        formulas[quantity](pair)
    return asked.names
