"""How strategies look, the same in every figure: a colour-blind-safe colour and a dash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scroogevm.ports import CPU, MEM

_STAR = "#d55e00"
_COLOURS = ("#0072b2", "#009e73", "#b5529c", "#c98500", "#2a9fd6", "#6a4fa3", "#8c6239")
_DASHES: Sequence[tuple[int, ...]] = ((), (6, 3), (2, 2), (8, 3, 2, 3))
_AHEAD = "#6b7280"


@dataclass(frozen=True)
class Look:
    """Colour and dash (lengths on, off, ... in points; empty for a solid line)."""

    colour: str
    dash: tuple[int, ...]


def looks(strategies: Sequence[str], looking_ahead: Sequence[str]) -> Mapping[str, Look]:
    """A look for each strategy; greedy stands out, those that look ahead stay in the background.

    >>> looks(["doa", "greedy", "oracle"], ["oracle"])["oracle"]
    Look(colour='#6b7280', dash=(2, 2))
    """
    dealt: dict[str, Look] = {}
    number = 0
    for strategy in strategies:
        if strategy in looking_ahead:
            dealt[strategy] = Look(_AHEAD, (2, 2))
        elif strategy.partition(":")[0] in ("greedy", "scroogevm") and _STAR not in {
            look.colour for look in dealt.values()
        }:
            dealt[strategy] = Look(_STAR, ())
        else:
            turn, place = divmod(number, len(_COLOURS))
            dealt[strategy] = Look(_COLOURS[place], _DASHES[turn % len(_DASHES)])
            number += 1
    return dealt


SHOWN_UNITS: Mapping[str, tuple[str, float]] = {CPU: ("cores", 1.0), MEM: ("GiB", 1 / 1024)}
"""Unit on the axes of a resource, and its factor from the unit of the arrays."""
TITLES: Mapping[str, str] = {CPU: "cpu", MEM: "memory"}
