"""Converts whole windows of scraped series to rows.

Each dialect is taken for itself, since each has its own clock.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.samples import LISTED, Recorded, Rows
from scroogevm.ports import RESOURCES
from scroogevm.telemetry import terms
from scroogevm.telemetry.clocks import RowClock
from scroogevm.telemetry.dialect import Place
from scroogevm.telemetry.joined import old
from scroogevm.telemetry.pieces import OwnerRows, together
from scroogevm.telemetry.quantities import node_quantities, there, vm_quantities
from scroogevm.telemetry.rates import LONGEST


class TermSeries(NamedTuple):
    """One series in a window.

    Attributes:
        node: that it is of.
        place: where its values go.
        time: (samples,), seconds since 1970, strictly ascending.
        value: (samples,).
    """

    node: str
    place: Place
    time: Floats
    value: Floats


def quantities(
    series: Iterable[TermSeries], wanted: Collection[str] | None = None, longest: float = LONGEST
) -> Recorded:
    """Rows of quantities from series of one dialect.

    Rows are what a ``Meter`` makes of the same readings, repeats left out, but that a VM which was
    away for less than ``longest`` has a rate across the gap.

    Args:
        series: of any number of nodes, in any order; those of one place are summed.
        wanted: quantities of nodes and VMs; all when it is left out.
        longest: seconds between two samples above which no rate is given.
    """
    found = list(series)
    nodes = _terms([one for one in found if one.place.vm is None], terms.NODE)
    vms = _terms([one for one in found if one.place.vm is not None], terms.VM)
    nodes, vms = _written_lately(nodes, vms, longest)
    clock = RowClock.of_nodes(nodes)
    values, _ = node_quantities(clock.pair(nodes, longest), wanted)
    values = {
        name: value if name in RESOURCES else np.where(clock.frozen, np.nan, value)
        for name, value in values.items()
    }
    at = _same_scrape(nodes, vms)
    vm_clock = clock.of_vms(vms, at, nodes)
    cores = np.append(nodes.values.get("cores", np.full(len(nodes), np.nan)), np.nan)[at]
    vm_values, _ = vm_quantities(vm_clock.pair(vms, longest), cores, wanted)
    here = vm_clock.fresh & there(vms.values, len(vms)) & ~vm_clock.frozen
    if wanted is None or LISTED in wanted:
        values = {**values, LISTED: _listed(nodes, at, here, vm_clock.frozen)}
    return Recorded(
        _kept(nodes, values, clock.fresh),
        _kept(vms, vm_values, here),
    )


def _written_lately(nodes: Rows, vms: Rows, longest: float) -> tuple[Rows, Rows]:
    """Without scrapes whose VMs come from a file that is old: nothing is told but that it is."""
    outdated = old(nodes.values, nodes.time, longest)
    if not outdated.any():
        return nodes, vms
    at = _same_scrape(nodes, vms)
    with_vms = np.bincount(at[at >= 0], minlength=len(nodes)) > 0
    left = _kept(vms, vms.values, ~np.append(outdated, False)[at])
    return _kept(nodes, nodes.values, ~(outdated & with_vms)), left


def _terms(series: Sequence[TermSeries], known: Collection[str]) -> Rows:
    """Rows of terms."""
    owned: dict[tuple[str, ...], list[TermSeries]] = {}
    for one in series:
        owner = (one.node,) if one.place.vm is None else (one.node, one.place.vm)
        owned.setdefault(owner, []).append(one)
    found = {one.place.term for one in series}
    pieces = {owner: _summed(group) for owner, group in owned.items()}
    return together(pieces, [term for term in known if term in found])


def _summed(series: Sequence[TermSeries]) -> OwnerRows:
    """The rows of one owner: series of one place are summed.

    A sum of more series than in the row before, or of fewer, is missing in that row: what it grew
    by would be no rate.
    """
    time = series[0].time
    if any(not np.array_equal(time, one.time) for one in series[1:]):
        time = np.unique(np.concatenate([one.time for one in series]))
    sums: dict[str, Floats] = {}
    parts: dict[str, Ints] = {}
    for one in series:
        term = one.place.term
        total = sums.setdefault(term, np.zeros(time.size))
        number = parts.setdefault(term, np.zeros(time.size, np.int64))
        at = slice(None) if one.time.size == time.size else np.searchsorted(time, one.time)
        total[at] += 1.0 if one.place.count else one.value * one.place.factor
        number[at] += 1
    counted = {one.place.term for one in series if one.place.count}
    for term, total in sums.items():
        number = parts[term]
        missing = number == 0
        if term not in counted:
            missing[1:] |= (number[1:] != number[:-1]) & (number[:-1] > 0)
        total[missing] = np.nan
    return OwnerRows(time, sums)


def _same_scrape(nodes: Rows, vms: Rows) -> Ints:
    """(rows of VMs,), the row of the VM's node in the same scrape, -1 for none."""
    place = {owner[0]: number for number, owner in enumerate(nodes.owners)}
    at = np.full(len(vms), -1, np.int64)
    node_starts = np.searchsorted(nodes.owner, np.arange(len(nodes.owners) + 1))
    vm_starts = np.searchsorted(vms.owner, np.arange(len(vms.owners) + 1))
    for number, (node, _) in enumerate(vms.owners):
        if node in place:
            low, high = node_starts[place[node]], node_starts[place[node] + 1]
            mine = slice(vm_starts[number], vm_starts[number + 1])
            found = low + np.searchsorted(nodes.time[low:high], vms.time[mine])
            found = np.minimum(found, high - 1)
            at[mine] = np.where(nodes.time[found] == vms.time[mine], found, -1)
    return at


def _listed(nodes: Rows, at: Ints, here: Bools, frozen: Bools) -> Floats:
    """(rows of nodes,), how many VMs the same scrape lists; NaN where it cannot tell.

    Args:
        nodes: terms.
        at: (rows of VMs,), the row of the node, -1 for none.
        here: (rows of VMs,), whether the VM is there.
        frozen: (rows of VMs,), whether what is told of VMs is old.
    """
    size = len(nodes)
    named = np.bincount(at[at >= 0], minlength=size) > 0
    number = np.bincount(at[(at >= 0) & here], minlength=size)
    up = nodes.values.get("vms_up", np.full(size, np.nan))
    old = np.bincount(at[(at >= 0) & frozen], minlength=size) > 0
    lists = (up != 0) & (named | (up > 0)) & ~old
    return np.where(lists, number, np.nan)


def _kept(rows: Rows, values: Mapping[str, Floats], kept: Bools) -> Rows:
    """Some of the rows, with other values; owners without any row left are left out."""
    left, owner = np.unique(rows.owner[kept], return_inverse=True)
    return Rows(
        [rows.owners[number] for number in left],
        owner.astype(np.int64),
        rows.time[kept],
        {name: value[kept] for name, value in values.items()},
    )
