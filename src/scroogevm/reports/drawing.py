"""Draws the figures of a panel with Matplotlib, an extra, imported where it is used."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from scroogevm.core.arrays import Floats
from scroogevm.reports.broken import BrokenAxis, usage_axis
from scroogevm.reports.labels import at_line_ends, beside_points
from scroogevm.reports.names import cut
from scroogevm.reports.panel import Panel, absolute, cumulated
from scroogevm.reports.styles import SHOWN_UNITS, TITLES, Style, readable

GREY, PALE, INK = "#6b7480", "#d5dae1", "#1f2630"
_MARKERS = "o?s?D"
"""By the number of lengths in a dash."""
_RATES = (0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1)


@dataclass(frozen=True, eq=False)
class Scene:
    """What a figure shows.

    Attributes:
        panel: the fleet or a node.
        title: what it is called.
        resource: ``cpu`` or ``mem``.
        looks: of each strategy.
        order: the strategies, best first.
    """

    panel: Panel
    title: str
    resource: str
    looks: Mapping[str, Style]
    order: Sequence[str]

    def said(self, strategy: str) -> Mapping[str, Floats]:
        """The series of one strategy."""
        return self.panel.said[self.resource, strategy]

    def sums(self, shares: Floats) -> Floats:
        """Running sum over windows."""
        return cumulated(shares, self.panel.step)

    def style(self, strategy: str) -> dict[str, Any]:
        """How its line is drawn."""
        look = self.looks[strategy]
        return {"color": look.colour, "linestyle": (0, look.dash) if look.dash else "-"}

    def heading(self, figure: Figure, what: str, how: str) -> None:
        """Title and explanation at the top left, and the room they need."""
        head(figure, f"{what} · {TITLES[self.resource]} · {self.title}", how)


def head(figure: Figure, title: str, how: str) -> None:
    """Title and explanation at the top left of a figure that left room for them."""
    high = figure.get_figheight()
    figure.text(
        0.008, 1 - 0.2 / high, title, fontsize=14, fontweight="bold", color=INK, va="center",
    )  # fmt: skip
    figure.text(0.008, 1 - 0.46 / high, how, fontsize=9, color=GREY, va="center")


def blank(width: float, height: float) -> Figure:
    """A figure whose axes leave the top to the heading."""
    figure = Figure(figsize=(width, height))
    room = (0.005, 0.005, 0.99, 0.985 - 0.62 / height)
    figure.set_layout_engine(ConstrainedLayoutEngine(rect=room))
    return figure


def usage(scene: Scene) -> Figure:
    """Usage against each strategy's demand: one small axes a strategy."""
    unit, factor = SHOWN_UNITS[scene.resource]
    facts = {name: row * factor for name, row in scene.panel.usage[scene.resource].items()}
    columns = min(4, len(scene.order))
    rows = -(-len(scene.order) // columns)
    figure = blank(13, 2.1 * rows + 1.2)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    hours = scene.panel.hours
    for place, strategy in zip(axes.flat, scene.order, strict=False):
        place.fill_between(hours, facts["p99"], color=PALE, linewidth=0)
        place.plot(hours, facts["peak"], color=GREY, linewidth=0.7)
        place.plot(hours, facts["allocated"], color=GREY, linewidth=1, linestyle=":")
        place.plot(hours, facts["capacity"], color=INK, linewidth=1)
        said = scene.said(strategy)
        ready = said["demand"] * factor
        place.plot(hours, ready, linewidth=2, **scene.style(strategy))
        wrong, violated = scene.sums(absolute(said))[-1], scene.sums(said["violation"])[-1]
        place.set_title(
            cut(strategy, 20), loc="left", fontsize=10, fontweight="bold",
            color=readable(scene.looks[strategy].colour),
        )  # fmt: skip
        place.set_title(
            f"{wrong:.1f} off, {violated:.1f} missing", loc="right", fontsize=8, color=GREY
        )
    for place in axes.flat[len(scene.order) :]:
        place.set_axis_off()
    axis = usage_axis(facts, (scene.said(name)["demand"] * factor for name in scene.order))
    _break(axes.flat, axis)
    capacity = float(np.nanmax(facts["capacity"], initial=0.0))
    axes[0, 0].set_xlim(hours[0], hours[-1] if hours.size > 1 else hours[0] + 1)
    figure.supylabel(unit, fontsize=9)
    figure.supxlabel("hours", fontsize=9)
    scene.heading(
        figure,
        "Usage against demand",
        "coloured: demand, what the strategy keeps ready for the window · area: p99 of usage, thin "
        "line its peak · dotted: allocated · black: capacity"
        + (f" ({capacity:,.0f} {unit}, above the top)" if capacity > axis.top else "")
        + "\nright: cumulated misprediction and violation, in capacities"
        + (" · dashed: above it the axis is pressed together" if axis.breaks else ""),
    )
    return figure


def _break(places: Iterable[Axes], axis: BrokenAxis) -> None:
    """The axis of all places, and a line where it breaks."""
    for place in places:
        place.set_yscale("function", functions=(axis.forward, axis.inverse))
        place.set_ylim(0, axis.top)
        ticks = [tick for tick in MaxNLocator(4).tick_values(0, axis.knee) if tick <= axis.knee]
        if axis.breaks:
            upper = MaxNLocator(2).tick_values(axis.knee, axis.top)
            ticks += [tick for tick in upper if 1.08 * axis.knee < tick <= axis.top][-1:]
            place.axhline(axis.knee, color=GREY, linewidth=0.8, linestyle=(0, (5, 3)))
        place.set_yticks(ticks, [f"{tick:,g}" for tick in ticks])


def misprediction(scene: Scene) -> Figure:
    """Misprediction per window: one row a strategy, one cell a window."""
    shares = np.stack([scene.said(strategy)["misprediction"] for strategy in scene.order])
    known = abs(shares[~np.isnan(shares)])
    limit = max(float(np.percentile(known, 92)) if known.size else 0.0, 0.01)
    figure = blank(13, 0.32 * len(scene.order) + 1.9)
    axes = figure.subplots()
    hours = scene.panel.hours
    step = float(np.median(np.diff(hours))) if hours.size > 1 else 1.0
    image = axes.imshow(
        shares,
        aspect="auto",
        cmap="RdBu",
        norm=TwoSlopeNorm(0, -limit, limit),
        extent=(hours[0] - step, hours[-1], len(scene.order) - 0.5, -0.5),
        interpolation="nearest",
    )
    axes.set_facecolor("#f2f2f2")
    axes.set_yticks(range(len(scene.order)), scene.order)
    for tick, strategy in zip(axes.get_yticklabels(), scene.order, strict=True):
        tick.set_color(readable(scene.looks[strategy].colour))
    ends = [scene.sums(absolute(scene.said(strategy)))[-1] for strategy in scene.order]
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(ends)), [f"{end:.1f}" for end in ends])
    right.tick_params(length=0, colors=GREY)
    right.set_ylabel("sum, in capacities", fontsize=8, color=GREY)
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("hours")
    bar = figure.colorbar(
        image, ax=axes, pad=0.01, fraction=0.04, extend="both", format=PercentFormatter(1, 0)
    )
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
    scene.heading(
        figure,
        "Misprediction per window",
        "blue: free capacity that was not offered · red: offered and not there · % of capacity, "
        "white is right",
    )
    return figure


def cumulation(scene: Scene) -> Figure:
    """Cumulated misprediction and violation: lines with their names at the end."""
    figure = blank(13, 5.4)
    left, right = figure.subplots(1, 2)
    for axes, title in ((left, "misprediction"), (right, "violation")):
        rows = {}
        for strategy in scene.order:
            said = scene.said(strategy)
            shares = absolute(said) if axes is left else said["violation"]
            rows[strategy] = scene.sums(shares)
        _lines(axes, scene, rows)
        axes.set_title(f"cumulated {title}, in capacities", loc="left", fontsize=10)
        axes.set_yscale("symlog", linthresh=1 if axes is left else 0.1)
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.set_ylim(bottom=0)
    at_line_ends(left)
    innocent = [n for n in scene.order if not scene.sums(scene.said(n)["violation"])[-1]]
    at_line_ends(right, but=innocent)
    if innocent:
        none = fill("none: " + ", ".join(innocent), 60)
        right.text(0.02, 0.97, none, transform=right.transAxes, va="top", fontsize=8, color=GREY)
    scene.heading(
        figure,
        "Cumulated misprediction and violation",
        "misprediction: the error of the offer, too little or too much (logarithmic above 1) · "
        "violation: "
        "the part that was too much (logarithmic above 0.1)",
    )
    return figure


def ratio(scene: Scene) -> Figure:
    """Oversubscription ratio over time."""
    figure = blank(13, 5.4)
    axes = figure.subplots()
    axes.axhline(1, color=INK, linewidth=1)
    rows = {strategy: scene.said(strategy)["ratio"] for strategy in scene.order}
    _lines(axes, scene, rows)
    axes.set_title("(allocated + free) / capacity", loc="left", fontsize=10)
    at_line_ends(axes)
    scene.heading(
        figure,
        "Oversubscription ratio",
        "how much could be allocated in all; 1 (black line) means no oversubscription",
    )
    return figure


def frontier(scene: Scene, scores: Sequence[Mapping[str, Any]]) -> Figure:
    """Savings against violation rate, with the strategies that none is better than in both."""
    figure = blank(11, 6.4)
    axes = figure.subplots()
    shown = [s for s in scores if s["savings"] is not None and s["violation_rate"] is not None]
    best = pareto([(s["savings"], s["violation_rate"]) for s in shown if not s["looks_ahead"]])
    axes.step(*zip(*best, strict=True) if best else ((), ()), where="post", color=PALE, zorder=1)
    for score in shown:
        look = scene.looks[score["strategy"]]
        marker = "*" if score["looks_ahead"] else _MARKERS[len(look.dash) % len(_MARKERS)]
        axes.scatter(score["savings"], score["violation_rate"], s=70, c=look.colour, marker=marker)
    axes.xaxis.set_major_formatter(PercentFormatter(1, None))
    highest = max([0.01, *(s["violation_rate"] for s in shown)])
    axes.set_yscale("function", functions=(_root, _square))
    rates = [rate for rate in _RATES if rate <= highest]
    axes.set_yticks(rates, [f"{100 * rate:g}%" for rate in rates])
    axes.set_ylim(-0.0081 * highest, 1.1664 * highest)
    axes.set_xlabel("savings: share of the allocation that need not be kept ready →")
    axes.set_ylabel("← violation rate: share of windows, square root")
    axes.margins(x=0.12)
    clean(axes)
    names = [(s["savings"], s["violation_rate"], s["strategy"]) for s in shown]
    beside_points(axes, names, [scene.looks[name].colour for _, _, name in names])
    scene.heading(
        figure,
        "Savings against violations",
        "best is down and right; the pale line joins strategies that none is better than in both",
    )
    return figure


def _root(rate: Floats) -> Floats:
    return np.sign(rate) * np.sqrt(np.abs(rate))


def _square(root: Floats) -> Floats:
    return np.sign(root) * np.square(root)


def pareto(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """The points that no other beats in both: more savings, fewer violations.

    >>> pareto([(0.5, 0.1), (0.4, 0.2), (0.1, 0.0)])
    [(0.1, 0.0), (0.5, 0.1)]
    """
    kept: list[tuple[float, float]] = []
    for savings, rate in sorted(points, key=lambda point: (-point[0], point[1])):
        if not kept or rate < kept[-1][1]:
            kept.append((savings, rate))
    return kept[::-1]


def _lines(axes: Axes, scene: Scene, rows: Mapping[str, Floats]) -> None:
    hours = scene.panel.hours
    for strategy, row in rows.items():
        star = scene.looks[strategy].star
        axes.plot(
            hours, row, label=strategy, linewidth=2.4 if star else 1.4,
            zorder=3 if star else 2, **scene.style(strategy),
        )  # fmt: skip
    axes.set_xlabel("hours")
    clean(axes)


def clean(axes: Axes) -> None:
    """Leave only what is read off."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
