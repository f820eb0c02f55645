"""Memory given back and harm done by each mode of the companion, and by the rules of others."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.balloon_data import BITBRAINS, VMS, nodes
from benchmarks.balloon_model import Model, Outcome, Sizes
from benchmarks.balloon_rivals import Mom, Proxmox, nobody
from benchmarks.report import Result
from scroogevm.balloon.decision import decide
from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.mode import MODES
from scroogevm.balloon.policy import Policy
from scroogevm.core.arrays import Bools, Floats

NODES = 12
CASES = ((1.0, 1.0), (1.5, 1.0), (2.0, 1.0), (1.5, 3.0))
"""What was promised for each MiB of a node, and times the recorded use."""
RIVALS: Mapping[str, Callable[[], Sizes]] = {
    "none": lambda: nobody,
    "MoM": Mom,
    "MoM, if it knew page cache": lambda: Mom(cache=True),
    "Proxmox": Proxmox,
}
DEFAULT = "pressure"
LINES = (0.1, 0.15, 0.2, 0.3, 0.4)
"""Free shares of the host that are held for the figure."""
LINED: Mapping[str, Callable[[float], Any]] = {
    "pressure": lambda line: Policy.of("pressure", [f"pressure:low={line},fine={line + 0.05}"]),
    "MoM": lambda line: Mom(low=line),
    "MoM, if it knew page cache": lambda line: Mom(cache=True, low=line),
    "Proxmox": lambda line: Proxmox(target=1 - line),
}


class Ours:
    """The product's policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __call__(self, facts: NodeFacts) -> tuple[Floats, Bools]:
        """A cycle."""
        targets = decide(facts, self.policy)
        return targets.size, np.array([act == "release" for act in targets.act])


def run(docs: Path) -> Result:
    rows: list[Sequence[Any]] = []
    plot = ""
    if BITBRAINS.exists():
        known = nodes("held out", NODES)
        names = [*RIVALS, *MODES.names]
        for ratio, times in CASES:
            outcomes = together(
                [(name, None, ratio, times, *node) for name in names for node in known]
            )
            for at, name in enumerate(names):
                mean = Outcome(
                    *np.mean([astuple(each) for each in outcomes[at * NODES :][:NODES]], axis=0)
                )
                rows.append(row(ratio, times, name, mean))
        plot = "balloon.svg"
        draw(docs / plot, frontier(known))
    return Result(
        title="Ballooning: memory given back, and harm",
        how=f"{NODES} nodes of {VMS} VMs each, drawn from {BITBRAINS.name} with a day of each. The "
        "defaults were chosen on other VMs and other days. `ratio` is the allocation for each MiB "
        "of a node. `use` is the factor of the recorded use. `given back` is the share of the "
        "allocation that the host does not hold. `windows below need` are windows of 300 s in "
        "which a guest had less than it used. `guests lack` and `host lacks` are means, in "
        "millionths of the allocation. `harm` is their sum. `requests` are for each VM and hour. "
        "The figure has the ratio 1.5, with several shares of the host that are kept free. "
        "[Ballooning](../explanation/ballooning.md) says what is modelled, and what is not.",
        columns=(
            "ratio", "use", "policy", "given back", "windows below need", "guests lack",
            "host lacks", "harm", "requests",
        ),
        rows=rows,
        verdict=verdict(rows),
        plot=plot,
    )  # fmt: skip


def row(ratio: float, times: float, name: str, mean: Outcome) -> Sequence[Any]:
    """What the table says of a policy."""
    return (
        ratio,
        times,
        name,
        f"{100 * mean.given:.1f} %",
        f"{100 * mean.below:.3f} %",
        round(1e6 * mean.lack, 1),
        round(1e6 * mean.over, 1),
        round(1e6 * mean.harm, 1),
        round(mean.requests, 2),
    )


def verdict(rows: Sequence[Sequence[Any]]) -> str:
    """Whether the default gives more and does less harm than each of the others, case by case."""
    if not rows:
        return f"Nothing was measured, because {BITBRAINS.name} is not beside the project."
    said = []
    for ratio, times in CASES:
        case = {each[2]: each for each in rows if tuple(each[:2]) == (ratio, times)}
        ours = case[DEFAULT]
        for name in RIVALS:
            if name == "none":
                continue
            other = case[name]
            more = float(ours[3].split()[0]) >= float(other[3].split()[0])
            if not (more and ours[7] <= other[7]):
                said.append(
                    f"{name} at ratio {ratio:g} and use x {times:g}: given {ours[3]} against "
                    f"{other[3]}, harm {ours[7]:g} against {other[7]:g}"
                )
    asked = f"Mode {DEFAULT}, the default, should give no less and do no more harm than any other"
    return f"{asked}. " + (
        f"It fails against {'; '.join(said)}." if said else "It does so in all cases."
    )


def frontier(known: Sequence[tuple[Floats, Floats]]) -> Mapping[str, Sequence[Outcome]]:
    """Means over nodes, for each line that a policy holds."""
    jobs = [(name, line, 1.5, 1.0, *node) for name in LINED for line in LINES for node in known]
    means = np.array([astuple(each) for each in together(jobs)])
    means = means.reshape(len(LINED), len(LINES), NODES, -1).mean(axis=2)
    return {name: [Outcome(*each) for each in means[at]] for at, name in enumerate(LINED)}


def together(jobs: Sequence[tuple[Any, ...]]) -> Sequence[Outcome]:
    """Each run in a process of its own."""
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(ran, jobs))


def ran(job: tuple[Any, ...]) -> Outcome:
    """One node under one policy."""
    name, line, ratio, times, maximum, used = job
    if line is not None:
        policy = LINED[name](line)
    else:
        policy = Policy.of(name) if name in MODES.names else RIVALS[name]()
    if not isinstance(policy, Policy):
        return Model(maximum, times * used, ratio).run(policy)
    return Model(maximum, times * used, ratio, policy.percentile).run(Ours(policy))


def draw(path: Path, means: Mapping[str, Sequence[Outcome]]) -> None:
    """Given back against harm."""
    import matplotlib as mpl  # noqa: PLC0415  # only a benchmark with a figure draws

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scroogevm"
    from matplotlib import pyplot as plt  # noqa: PLC0415  # after the choice of back end

    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for (name, each), marker in zip(means.items(), "osD^", strict=True):
        given = [100 * one.given for one in each]
        axis.plot(given, [1e6 * one.harm for one in each], marker=marker, label=name)
    axis.set_yscale("symlog", linthresh=1)
    axis.set_xlabel("given back, % of what was promised")
    axis.set_ylabel("harm, millionths of it")
    axis.legend()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
