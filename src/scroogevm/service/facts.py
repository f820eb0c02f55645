"""Builds the facts for guards from a window and the state of its nodes."""

from collections.abc import Mapping

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.offers.facts import SIGNALS, Facts
from scroogevm.ports import UNITS
from scroogevm.service.standing import Standing

Signals = Mapping[str, Floats]


def contention(resource: str, signals: Signals, usage: Floats) -> Signals:
    """The signals of ``offers.facts.SIGNALS`` from those of ``samples.SIGNALS``, (nodes,) each.

    Waiting and stealing are relative to running time, of the tasks of the node or of the threads of
    its VMs, whichever is worse. NaN if unknown.

    Args:
        resource: ``cpu`` or ``mem``.
        signals: of the window.
        usage: mean usage of cpu in it, cores.

    >>> told = {"cpu_wait": np.array([0.5]), "cpu_delay": np.array([1.0])}
    >>> contention("cpu", told, np.array([2.0]))["wait"].tolist()
    [0.5]
    """
    none = np.full(usage.shape, np.nan)

    def get(name: str) -> Floats:
        return signals.get(name, none)

    if resource == "mem":
        found = {
            "pressure": get("mem_pressure"),
            "stall": get("mem_stall"),
            "swap_in": get("swap_in"),
            "faults": get("major_faults"),
            "ballooned": get("ballooned"),
        }
    else:
        ran = np.where(usage > 0, usage, np.nan)
        found = {
            "wait": np.fmax(get("cpu_wait"), get("cpu_delay")) / ran,
            "pressure": get("cpu_pressure"),
            "steal": get("cpu_steal") / ran,
        }
    return {name: found[name] for name in SIGNALS[resource]}


def facts(
    resource: str,
    standing: Standing,
    numbers: Mapping[str, Floats],
    signals: Signals,
    *,
    kept: int,
    interval: float,
) -> Facts:
    """The facts of one window and resource.

    Args:
        resource: ``cpu`` or ``mem``.
        standing: the state of the nodes, from the window before.
        numbers: of the window, (nodes,): ``capacity``, ``allocated``, ``estimated``, ``age``,
            ``list_age``, ``coverage``, ``locked``, ``frozen``.
        signals: contention, (nodes,).
        kept: windows that the strategy joins, K.
        interval: seconds between two samples.
    """
    nodes = len(standing.nodes)
    windows: Ints = (standing.get(resource, "windows") + (numbers["coverage"] > 0)).astype(np.int64)
    told = {
        name: (standing.get(resource, f"told/{name}") > 0) | ~np.isnan(values)
        for name, values in signals.items()
    }
    return Facts(
        **numbers,
        coverage_before=standing.get(resource, "coverage"),
        windows=windows,
        cold=~np.isfinite(numbers["estimated"]),
        before=standing.get(resource, "free"),
        allocated_before=standing.get(resource, "allocated"),
        group=np.zeros(nodes, np.int64),
        signals=signals,
        told=told,
        kept=kept,
        interval=interval,
        unit=UNITS[resource],
    )
