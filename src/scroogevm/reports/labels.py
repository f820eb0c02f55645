"""Places labels of lines and points so that none covers another."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from scroogevm.core.arrays import Floats
from scroogevm.reports.styles import readable

_POINT = 72 / 100
"""Points in a pixel of the canvas, which is laid out at 100 dots an inch."""
_LINE = 11.0
"""Points from one name to the next."""


def at_line_ends(axes: Axes, but: Sequence[str] = ()) -> None:
    """Write the label of each line at its right end, pushed apart, joined by a hair.

    Args:
        axes: where the lines are.
        but: labels that are left out.
    """
    ends = []
    for line in axes.lines:
        label = str(line.get_label())
        heights = np.asarray(line.get_ydata(), np.float64)
        known = np.flatnonzero(~np.isnan(heights))
        if known.size and not label.startswith("_") and label not in but:
            point = (np.asarray(line.get_xdata())[known[-1]], heights[known[-1]])
            ends.append((label, point, line.get_color()))
    if not ends:
        return
    _laid_out(axes)
    bottom, top = axes.bbox.y0 * _POINT, axes.bbox.y1 * _POINT
    height = axes.transData.transform([point for _, point, _ in ends])[:, 1] * _POINT
    for (label, point, colour), own, spread in zip(
        ends, height, _apart(height, bottom, top), strict=True
    ):
        axes.annotate(
            label,
            point,
            xytext=(22, spread - own),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=readable(str(colour)),
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.5,
                "shrinkA": 1,
                "relpos": (0, 0.5),
            },
        )


def _apart(heights: Floats, bottom: float, top: float) -> Floats:
    """Heights at least a line apart, in the same order, between bottom and top where they fit."""
    order = np.argsort(heights, kind="stable")
    spread = heights[order].copy()
    floor = bottom
    for at, height in enumerate(spread):
        spread[at] = max(height, floor)
        floor = spread[at] + _LINE
    ceiling = max(top, bottom + _LINE * (spread.size - 1))
    for at in range(spread.size - 1, -1, -1):
        spread[at] = min(spread[at], ceiling)
        ceiling = spread[at] - _LINE
    apart = np.empty_like(spread)
    apart[order] = spread
    return apart


def beside_points(
    axes: Axes, names: Sequence[tuple[float, float, str]], colours: Sequence[str]
) -> None:
    """Write a name beside each point (x, y, name), at the nearest place that is free.

    Points that coincide share one label.
    """
    renderer = _laid_out(axes)
    shared: dict[tuple[float, float], list[tuple[str, str]]] = {}
    for (x, y, name), colour in zip(names, colours, strict=True):
        shared.setdefault((round(x, 3), round(y, 3)), []).append((name, colour))
    points = [axes.transData.transform(point) for point in shared]
    frame = axes.bbox
    taken = [Bbox.from_bounds(x - 7, y - 7, 14, 14) for x, y in points]
    for point, labels in shared.items():
        colour = labels[0][1]
        note = axes.annotate(
            "\n".join(name for name, _ in labels),
            point,
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=8.5,
            color=readable(colour),
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.4, "relpos": (0.5, 0.5)},
        )
        note.set_in_layout(False)
        for across, lift in _offsets():
            note.xyann = (across, lift)
            note.set_horizontalalignment("left" if across > 0 else "right")
            note.update_positions(renderer)
            box = Text.get_window_extent(note, renderer)  # without the hair to the point
            if (
                frame.contains(box.x0, box.y0)
                and frame.contains(box.x1, box.y1)
                and not any(box.overlaps(other) for other in taken)
            ):
                break
        taken.append(box)


def _laid_out(axes: Axes) -> RendererAgg:
    """Lay the figure out, so that positions in it are known."""
    canvas = FigureCanvasAgg(axes.get_figure(root=True))
    canvas.figure.draw_without_rendering()
    renderer: RendererAgg = canvas.get_renderer()  # type: ignore[no-untyped-call]  # likewise
    return renderer


def _offsets() -> Sequence[tuple[float, float]]:
    """Places around a point, near ones first."""
    return [
        (side * reach, lift)
        for reach, lift in sorted(
            product((9, 24, 40, 60, 90), (0, 13, -13, 26, -26, 40, 60, 80, 110, 140, 170)),
            key=lambda place: place[0] + abs(place[1]),
        )
        for side in (1, -1)
    ]
