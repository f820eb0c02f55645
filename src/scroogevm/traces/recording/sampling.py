"""Finds the sample interval of a store, and chooses that of the trace."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scroogevm.core.samples import Rows
from scroogevm.errors import StoreError
from scroogevm.ports import Store
from scroogevm.traces.recording.request import StoreQuery
from scroogevm.traces.tables import PART_ROWS

READ_ROWS = 1_000_000
"""VM rows that are asked of a store at once: some 100 MiB on the way."""

NODE_ROWS = 2 * PART_ROWS
"""VM rows of a node, above which its samples become means: a node is replayed in one piece."""

_LOOKED_AT = 5
"""Nodes that are looked at to learn the pace of all."""
_GLIMPSE = 3600.0


@dataclass(frozen=True)
class Sampling:
    """How samples of a store become samples of a trace.

    Attributes:
        own: seconds between two samples of a node in the store.
        interval: seconds between samples of the trace, a whole part of a slice.
        nodes: how many nodes are read together, and become a part of the trace.
        piece: seconds that are read at once, a multiple of the interval.
        remark: why the interval is another one than was asked for, or than samples have.
    """

    own: float
    interval: float
    nodes: int
    piece: float
    remark: str = ""

    @classmethod
    def of(cls, store: Store, nodes: Sequence[str], asked: StoreQuery) -> "Sampling":
        """Look at the newest samples of some nodes.

        Raises:
            StoreError: no two samples lie near each other.
        """
        some = nodes[:: max(1, len(nodes) // _LOOKED_AT)][:_LOOKED_AT]
        own, vms = _look(store, some, asked)
        span, slice_ = asked.end - asked.begin, asked.shape.slice
        samples = max(1, int(slice_ / max(asked.interval or own, own) + 1e-9))
        rows = max(1.0, vms) * asked.windows
        if asked.interval is None and rows * samples > NODE_ROWS:
            samples = _fewer(samples, rows)
        interval = slice_ / samples
        together = max(1, int(PART_ROWS / (rows * samples)))
        seconds = READ_ROWS / max(1.0, vms * min(together, len(nodes))) * own
        piece = interval * max(1, int(min(seconds, span, 86400.0) / interval))
        return cls(own, interval, together, piece, _remark(own, interval, asked.interval))


def _remark(own: float, interval: float, wanted: float | None) -> str:
    """The remark on an unexpected interval.

    >>> _remark(15.0, 15.0, 5.0)
    'there is a sample every 15 s: --interval 5 gives no more'
    """
    if wanted is None:
        if interval < 1.5 * own:
            return ""
        return (
            f"samples every {own:g} s became means of {interval:g} s, so that a node fits into "
            f"memory; --interval {own:g} keeps them all"
        )
    if wanted < 0.99 * own:
        return f"there is a sample every {own:g} s: --interval {wanted:g} gives no more"
    if abs(interval - wanted) > 1e-6 * wanted:
        return f"means of {interval:g} s, not {wanted:g}: a slice is a whole number of them"
    return ""


def _fewer(samples: int, rows: float) -> int:
    """Samples in a slice so that a node fits; a whole part of those there were, where there is one.

    Args:
        samples: in a slice, as they are.
        rows: VM rows of a node if there were one sample in a slice.

    >>> _fewer(360, 90_000), _fewer(359, 90_000)
    (120, 119)
    """
    most = max(1, int(NODE_ROWS / rows))
    parts = [count for count in range(most, most // 2, -1) if samples % count == 0]
    return parts[0] if parts else samples // -(-samples // most)


def _look(store: Store, nodes: Sequence[str], asked: StoreQuery) -> tuple[float, float]:
    """Seconds between samples, and VMs on a node, in the newest time that has any."""
    end, span, vms = asked.end, _GLIMPSE, 0
    while end > asked.begin:
        start = max(asked.begin, end - span)
        found = store.read(nodes, start, end, ("cpu",))
        step = step_of(found.nodes)
        if step:
            owners = {owner[0] for owner in found.nodes.owners}
            return step, len(found.vms.owners) / max(1, len(owners))
        vms += len(found.vms)
        end, span = start, 2 * span
    if vms:
        raise StoreError(
            "has VMs, but no cpu count and no memory size of their nodes",
            where=f"{asked.origin}: nodes such as {nodes[0]}",
            remedy="scrape node_exporter or `scroogevm probe` there, with the same node names",
        )
    raise StoreError(
        "has no two samples near each other in this time",
        where=f"{asked.origin}: nodes such as {nodes[0]}",
        remedy="another --since, --until or --node",
    )


def step_of(rows: Rows) -> float:
    """Median of the seconds between two samples of an owner; whole seconds where near; 0 for none.

    >>> step_of(Rows([("n",)], np.zeros(4, int), np.array([0, 5.01, 10, 15.02]), {}))
    5.0
    """
    same = np.diff(rows.owner) == 0
    steps = np.diff(rows.time)[same]
    if not steps.size:
        return 0.0
    middle = float(np.median(steps))
    whole = float(round(middle))
    return whole if whole and abs(middle - whole) < 0.1 * whole else middle
