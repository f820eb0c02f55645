"""Draws a node's usage with verdicts, with Matplotlib, an extra, imported where it is used."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scroogevm.reports.drawing import GREY, INK, PALE, blank, clean, head
from scroogevm.reports.names import cut, printable
from scroogevm.reports.node_detail import Watched
from scroogevm.reports.styles import SHOWN_UNITS, TITLES
from scroogevm.reports.verdicts import Verdicts

COLOURS = ("#eceef1", "#f6b48a", "#a9d0ee")
"""Not judged, not quiescent, quiescent: told apart by the colour-blind, and in grey."""


def windows(node: Watched, resource: str) -> Figure:
    """Usage above, and for each test a row of windows, coloured by its verdict."""
    said = {test: each for (owner, test), each in node.verdicts.items() if owner == resource}
    figure = blank(13, 4.6 + 0.34 * len(said))
    upper, lower = figure.subplots(
        2, 1, sharex=True, height_ratios=(10, max(1, len(said))), squeeze=True
    )
    unit, factor = SHOWN_UNITS[resource]
    lines = {name: row * factor for name, row in node.usage[resource].items()}
    upper.fill_between(node.hours, lines["low"], lines["high"], color=PALE, linewidth=0)
    upper.plot(node.hours, lines["mean"], color=INK, linewidth=1)
    if len(said) == 1:
        _shade(upper, node, next(iter(said.values())))
    clean(upper)
    upper.set_ylabel(unit)
    upper.set_xlim(node.begins[0], node.ends[-1])
    for row, each in enumerate(said.values()):
        _strip(lower, node, each, row)
    lower.set_ylim(len(said) - 0.5, -0.5)
    lower.set_yticks(range(len(said)), [cut(printable(t), 28) for t in said])
    lower.tick_params(axis="y", length=0)
    lower.spines[:].set_visible(False)
    lower.set_xlabel("hours")
    head(
        figure,
        f"Verdicts · {TITLES[resource]} · {printable(node.name)}",
        "line: mean usage, area: lowest to highest sample · blue: quiescent · orange: not "
        "quiescent · grey: not judged · right: quiescent of judged",
    )
    right = lower.secondary_yaxis("right")
    right.set_yticks(range(len(said)), [_share(each) for each in said.values()])
    right.tick_params(length=0, colors=GREY)
    right.spines[:].set_visible(False)
    return figure


def _shade(axes: Axes, node: Watched, said: Verdicts) -> None:
    for begin, end, code in zip(node.begins, node.ends, said.code[:, 0], strict=True):
        axes.axvspan(begin, end, color=COLOURS[code], alpha=0.45, linewidth=0, zorder=0)


def _strip(axes: Axes, node: Watched, said: Verdicts, row: int) -> None:
    spans = list(zip(node.begins, node.ends - node.begins, strict=True))
    colours = [COLOURS[code] for code in said.code[:, 0]]
    axes.broken_barh(
        spans, (row - 0.38, 0.76), facecolors=colours, edgecolor="white", linewidth=0.6
    )


def _share(said: Verdicts) -> str:
    return f"{np.sum(said.quiescent)} of {np.sum(said.judged)}"
