"""Cost against the number of nodes and of windows."""

from pathlib import Path

import numpy as np

from benchmarks.bench_parquet import replay, trace
from benchmarks.report import Result

Points = list[tuple[int, float]]
"""Sizes and the seconds they took."""

NODES = (100, 200, 400, 800)
WINDOWS = (24, 48, 96, 192)


def run(docs: Path) -> Result:
    by_nodes = [(n, replay(trace(n, WINDOWS[0]), 1).seconds) for n in NODES]
    by_windows = [(w, replay(trace(NODES[0], w), 1).seconds) for w in WINDOWS]
    rows = [(f"{n} nodes, {WINDOWS[0]} windows", seconds) for n, seconds in by_nodes]
    rows += [(f"{NODES[0]} nodes, {w} windows", seconds) for w, seconds in by_windows]
    plot(docs / "linear.svg", by_nodes, by_windows)
    return Result(
        title="Cost grows linearly",
        how="All strategies, one process, 40 VMs a node, 60 samples a window, the fastest of three "
        "runs. The intercept of the fitted line is the time of the start.",
        columns=("size", "seconds"),
        rows=rows,
        verdict=f"The largest distance of a point from the straight line is {miss(by_nodes):.0%} "
        f"over nodes and {miss(by_windows):.0%} over windows.",
        plot="linear.svg",
    )


def fitted(points: Points) -> np.polynomial.Polynomial:
    """The straight line through the points, by least squares."""
    sizes, seconds = (np.array(values, float) for values in zip(*points, strict=True))
    return np.polynomial.Polynomial.fit(sizes, seconds, 1)


def miss(points: Points) -> float:
    """How far the worst point lies from the line, as a share of its seconds."""
    line = fitted(points)
    return max(abs(float(line(size)) - seconds) / seconds for size, seconds in points)


def plot(path: Path, by_nodes: Points, by_windows: Points) -> None:
    """Both curves with their fitted lines."""
    import matplotlib as mpl  # noqa: PLC0415  # only this benchmark draws

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "linear"
    from matplotlib import pyplot as plt  # noqa: PLC0415  # after the choice of back end

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
    for axis, points, name in zip(axes, (by_nodes, by_windows), ("nodes", "windows"), strict=True):
        sizes, seconds = (np.array(values, float) for values in zip(*points, strict=True))
        ends = np.array([0, sizes[-1]])
        axis.plot(ends, fitted(points)(ends), color="#999999", linewidth=1, label="fitted line")
        axis.plot(sizes, seconds, "o", color="#0072b2", label="measured")
        axis.set(xlabel=name, xlim=(0, None), ylim=(0, None))
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("seconds")
    axes[0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
