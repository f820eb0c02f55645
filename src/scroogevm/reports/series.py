"""Writes ``series``: the fleet window by window, and the few nodes that are drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from scroogevm.core.arrays import Floats
from scroogevm.ports import Chunk
from scroogevm.reports.node_selection import NODES_SHOWN, Few
from scroogevm.reports.nodes_shown import Kept, NodesShown
from scroogevm.reports.panel import (
    FACTS,
    SHARES,
    USAGE,
    Drawing,
    Panel,
    Strategies,
    facts_of,
    strategies_of,
    usage_of,
)
from scroogevm.reports.reasons import Explainers
from scroogevm.reports.record import Moment, Pair
from scroogevm.reports.strip import Strip, added
from scroogevm.reports.table import Format, ResultTable


@dataclass(frozen=True, eq=False)
class Sums:
    """A chunk, window by window.

    Attributes:
        nodes: how many it has.
        strategies: of each resource.
        strip: hour, then the sum over nodes of every column, then how many nodes each is of; None
            without a window.
        panels: the nodes that may be shown.
    """

    nodes: int
    strategies: Strategies
    strip: Strip | None
    panels: Sequence[Kept]


@dataclass(frozen=True)
class Means:
    """Means over windows of all nodes together.

    Attributes:
        capacity: by resource.
        allocated: likewise.
        freed: ``allocated - demand``, by resource and strategy.
    """

    capacity: Mapping[str, float]
    allocated: Mapping[str, float]
    freed: Mapping[Pair, float]


class SeriesTable:
    """Sums up the fleet and keeps a bounded number of nodes.

    The nodes kept are the first ones and those whose usage surprised the strategies most. Windows
    are matched by their number, so nodes of different traces stand side by side from their start.

    Args:
        directory: where the files go.
        formats: which of them are wanted.
        nodes: how many nodes to keep.
        who: the strategies that explain themselves.
    """

    def __init__(
        self,
        directory: Path,
        formats: Sequence[Format],
        nodes: int = NODES_SHOWN,
        who: Explainers | None = None,
    ) -> None:
        self._directory = directory
        self._table = ResultTable(directory, "series", formats)
        self._most = nodes
        self._who = who or {}
        self._kept: Few[Panel] = Few(nodes)
        self._seen = 0
        self._strategies: Strategies = {}
        self._strip: Strip | None = None
        self._fleet = Panel("", np.empty(0), {}, {})
        self._means = Means({}, {}, {})

    @property
    def open(self) -> Callable[[Chunk], "SeriesNotes"]:
        """Opens notes for a chunk."""
        return partial(SeriesNotes, self._directory, self._most, self._who)

    def accept(self, sums: Sums) -> None:
        """Add one more chunk to the fleet, and choose among its nodes."""
        self._kept.keep((interest, self._seen + at, panel) for interest, at, panel in sums.panels)
        self._seen += sums.nodes
        if sums.strip is None:
            return
        self._strategies = sums.strategies
        if self._strip is None:
            self._strip = sums.strip
        else:
            self._strip = added(self._strip, sums.strip, self._directory, 1)

    def close(self) -> None:
        """Write the fleet."""
        if self._strip is not None:
            self._go_through(self._strip)
            self._strip.drop()
            self._strip = None
        self._table.close()

    @property
    def fleet(self) -> Panel:
        """All nodes together, once it is closed."""
        return self._fleet

    @property
    def means(self) -> Means:
        """Means over all windows, once it is closed."""
        return self._means

    def nodes(self) -> Sequence[Panel]:
        """The nodes kept, in the order of the trace."""
        return self._kept.items

    def _go_through(self, strip: Strip) -> None:
        drawing = Drawing(self._strategies, 1)
        means = _Means()
        first = 0
        for block in strip.blocks():
            hours, rows = block[:, 0], _totals(block, self._strategies)
            usages, facts, place = {}, {}, 0
            for resource, strategies in self._strategies.items():
                size = (len(FACTS), len(strategies))
                end = place + len(USAGE) + size[0] * size[1]
                usages[resource] = usage = rows[place : place + len(USAGE)]
                facts[resource] = said = rows[place + len(USAGE) : end].reshape(*size, hours.size)
                place = end
                named = dict(zip(USAGE, usage, strict=True))
                means.add((resource, "capacity"), named["capacity"])
                means.add((resource, "allocated"), named["allocated"])
                for at, strategy in enumerate(strategies):
                    demand = said[FACTS.index("demand"), at]
                    means.add((resource, "freed", strategy), named["allocated"] - demand)
                    columns = {
                        "window": np.arange(first, first + hours.size, dtype=np.int32),
                        "hours": hours,
                        "resource": resource,
                        "strategy": strategy,
                        **named,
                        **dict(zip(FACTS, said[:, at], strict=True)),
                    }
                    self._table.append(pl.DataFrame(columns))
            for at, hour in enumerate(hours.tolist()):
                here = slice(at, at + 1)
                drawing.add(
                    {resource: usage[:, here] for resource, usage in usages.items()},
                    {resource: said[..., here] for resource, said in facts.items()},
                    hour,
                )
            first += hours.size
        (self._fleet,) = drawing.panels({0: ""})
        self._means = Means(
            {r: means.of((r, "capacity")) for r in self._strategies},
            {r: means.of((r, "allocated")) for r in self._strategies},
            {
                (r, strategy): means.of((r, "freed", strategy))
                for r, strategies in self._strategies.items()
                for strategy in strategies
            },
        )


class SeriesNotes:
    """Sums up a chunk window by window, and keeps a few of its nodes."""

    def __init__(self, directory: Path, most: int, who: Explainers, chunk: Chunk) -> None:
        self._directory = directory
        self._nodes = len(chunk.nodes)
        self._shown = NodesShown(chunk.nodes, most, who)
        self._strategies: Strategies = {}
        self._strip: Strip | None = None

    def take(self, moment: Moment) -> None:
        """Note one window."""
        usage = {resource: usage_of(told) for resource, told in moment.told.items()}
        facts = {resource: facts_of(told) for resource, told in moment.told.items()}
        self._shown.take(moment, usage, facts)
        rows = np.concatenate(
            [part.reshape(-1, part.shape[-1]) for r in usage for part in (usage[r], facts[r])]
        )
        known = ~np.isnan(rows)
        if self._strip is None:
            self._strategies = strategies_of(moment)
            self._strip = Strip(self._directory, 1 + 2 * len(rows))
        total = np.where(known, rows, 0.0).sum(axis=1)
        self._strip.append(np.concatenate([[moment.hour], total, known.sum(axis=1)]))

    def close(self) -> Sums:
        """The sums, and the nodes that may be shown."""
        return Sums(self._nodes, self._strategies, self._strip, self._shown.close())


def _totals(block: Floats, strategies: Strategies) -> Floats:
    """Sums over nodes, or means for shares, (columns, windows); NaN where no node says anything."""
    shares = np.concatenate(
        [
            [False] * len(USAGE) + [name in SHARES for name in FACTS for _ in named]
            for named in strategies.values()
        ]
    )
    total, count = block[:, 1 : 1 + shares.size].T, block[:, 1 + shares.size :].T
    divisor = np.where(shares[:, np.newaxis], np.maximum(count, 1), 1.0)
    return np.where(count > 0, total / divisor, np.nan)


class _Means:
    """Means of what comes in blocks, without what is missing."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], tuple[float, int]] = {}

    def add(self, name: tuple[str, ...], values: Floats) -> None:
        total, count = self._sums.get(name, (0.0, 0))
        known = values[~np.isnan(values)]
        self._sums[name] = (total + float(known.sum()), count + known.size)

    def of(self, name: tuple[str, ...]) -> float:
        total, count = self._sums.get(name, (0.0, 0))
        return total / count if count else float("nan")
