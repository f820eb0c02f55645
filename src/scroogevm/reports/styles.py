"""Colours and dashes of strategies, the same in every figure and colour-blind-safe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scroogevm.ports import CPU, MEM, Role

_STAR = "#d55e00"
_COLOURS = ("#0072b2", "#009e73", "#b5529c", "#c98500", "#2a9fd6", "#6a4fa3", "#8c6239")
_DASHES: Sequence[tuple[int, ...]] = ((), (6, 3), (2, 2), (8, 3, 2, 3))
_AHEAD = "#6b7280"


@dataclass(frozen=True)
class Style:
    """How a line is drawn.

    Attributes:
        colour: as ``#rrggbb``.
        dash: lengths on, off, ... in points; empty for a solid line.
        star: whether it is drawn above the others, and thicker.
    """

    colour: str
    dash: tuple[int, ...]
    star: bool = False


def looks(roles: Mapping[str, Role]) -> Mapping[str, Style]:
    """A look for each strategy; one stands out, bounds stay in the background.

    Args:
        roles: of each strategy; the first recommended one stands out.

    >>> looks({"doa": "candidate", "greedy": "recommended", "oracle": "bound"})["oracle"]
    Style(colour='#6b7280', dash=(2, 2), star=False)
    """
    star = next((name for name, role in roles.items() if role == "recommended"), None)
    dealt: dict[str, Style] = {}
    number = 0
    for strategy, role in roles.items():
        if role == "bound":
            dealt[strategy] = Style(_AHEAD, (2, 2))
        elif strategy == star:
            dealt[strategy] = Style(_STAR, (), star=True)
        else:
            turn, place = divmod(number, len(_COLOURS))
            dealt[strategy] = Style(_COLOURS[place], _DASHES[turn % len(_DASHES)])
            number += 1
    return dealt


def readable(colour: str) -> str:
    """The colour for letters on white: as dark as makes a contrast of 4.5 to 1.

    >>> readable("#c98500"), readable("#6a4fa3")
    ('#a16a00', '#6a4fa3')
    """
    own = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    darker = ([round(channel * part / 10) for channel in own] for part in range(10, -1, -1))
    fitting = next(each for each in darker if 1.05 / _light(each) >= _CONTRAST)
    return "#" + "".join(f"{channel:02x}" for channel in fitting)


_CONTRAST = 4.5


def _light(channels: Sequence[int]) -> float:
    """Relative luminance, as contrasts compare it."""
    shares = [channel / 255 for channel in channels]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    weights = (0.2126, 0.7152, 0.0722)
    return 0.05 + sum(weight * c for weight, c in zip(weights, linear, strict=True))


SHOWN_UNITS: Mapping[str, tuple[str, float]] = {CPU: ("cores", 1.0), MEM: ("GiB", 1 / 1024)}
"""Unit on the axes of a resource, and its factor from the unit of the arrays."""
TITLES: Mapping[str, str] = {CPU: "cpu", MEM: "memory"}
