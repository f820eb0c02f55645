"""Reports what a recorded trace lacks, with the consequence, once."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from scroogevm.telemetry.report import NODE, VMS
from scroogevm.traces.manifest import Manifest

_COSTS = {
    "nodes": {lack.what: lack.cost for lack in NODE},
    "vms": {lack.what: lack.cost for lack in VMS},
}
_SAID: Mapping[str, Mapping[str, str]] = {
    "nodes": {
        "cpu": "number of cpus",
        "mem": "memory size",
        "cpu_usage": "cpu time",
        "mem_usage": "available memory",
    },
    "vms": {
        "cpu": "vCPUs",
        "mem": "memory size",
        "cpu_usage": "cpu time",
        "mem_usage": "guest memory statistics",
    },
}
"""By table and column, what of a report on a node says it."""

_GLIMPSED = 2
"""So few samples of a VM say nothing about what its exporter lacks."""


def shorter(planned: Manifest, found: Manifest) -> str:
    """Which time there are samples of, where that is a window or more less than was asked for."""
    if found.windows >= planned.windows:
        return ""
    times = " to ".join(
        f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}" for time in (found.origin, found.end)
    )
    of = _long(planned.end - planned.origin)
    return f"windows with samples: {times} UTC, {_long(found.end - found.origin)} of {of}"


def _long(seconds: float) -> str:
    """A length of time in words.

    >>> _long(4 * 86400), _long(5400), _long(3600), _long(330)
    ('4 days', '1.5 hours', '1 hour', '5.5 minutes')
    """
    units = ((2 * 86400, 86400, "day"), (3600, 3600, "hour"), (0, 60, "minute"))
    unit, name = next((unit, name) for least, unit, name in units if seconds >= least)
    number = round(seconds / unit, 1)
    return f"{number:g} {name}" if number == 1 else f"{number:g} {name}s"


def lacks(nodes: pl.LazyFrame, vms: pl.LazyFrame) -> Iterator[str]:
    """A line for each thing that is missing.

    Args:
        nodes: rows of nodes.
        vms: rows of VMs.
    """
    seen = _spoken(nodes, "node")
    residents = _spoken(vms, "node", "vm")
    # A server may name a node that was there a little earlier: of that nothing is said.
    silent = sorted({*residents["node"]} - {*seen["node"]})
    if silent:
        who = _some(silent, seen.height + len(silent), "nodes")
        yield f"{who}: only VMs have samples; its capacity is unknown, so it is left out"
    yield from _missing(seen, "nodes", "node")
    residents = residents.filter(pl.col("node").is_in(seen["node"].implode()))
    if residents.height:
        yield from _missing(residents, "vms", "vm")
    else:
        yield "no VM was seen, so the allocation, and what could be freed, is unknown"


def _spoken(rows: pl.LazyFrame, *keys: str) -> pl.DataFrame:
    """Of each owner, which columns it ever says."""
    said = [pl.col(column).is_not_null().any() for column in _SAID["nodes"]]
    frame = rows.group_by(keys).agg(*said, pl.len().alias("samples")).collect()
    return frame.with_columns(pl.col(keys).cast(pl.String)).sort(keys)


def _missing(spoken: pl.DataFrame, table: str, key: str) -> Iterator[str]:
    spoken = spoken.filter(pl.col("samples") > _GLIMPSED)
    for column, what in _SAID[table].items():
        without = spoken.filter(~pl.col(column))[key].to_list()
        if without:
            who = _some(without, spoken.height, "nodes" if key == "node" else "VMs")
            yield f"{who}: no {what}; {_COSTS[table][what]}"


def _some(names: Sequence[str], count: int, of: str) -> str:
    """So many, by name where they are not all.

    >>> _some(["a"], 3, "VMs"), _some(["a", "b"], 2, "nodes"), _some(["a"], 1, "VMs")
    ('1 of 3 VMs, such as a', 'all 2 nodes', 'a')
    """
    if len(names) == count == 1:
        return names[0]
    if len(names) == count:
        return f"all {count} {of}"
    return f"{len(names)} of {count} {of}, such as {names[0]}"
