"""``series``: the fleet window by window, and the few nodes that are worth a look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from scroogevm.core.arrays import Floats
from scroogevm.sinks.few import NODES_SHOWN, Few
from scroogevm.sinks.panel import SHARES, USAGE, Panel, facts_of, usage_of
from scroogevm.sinks.record import Answer, Pair, Record
from scroogevm.sinks.table import Format, Table
from scroogevm.sinks.verdicts import verdicts_of
from scroogevm.sinks.writer import Writer


class Series(Writer):
    """Sums up the fleet and keeps a bounded number of nodes.

    The nodes kept are the first ones and those whose usage surprised the strategies most. Windows
    are matched by their number, so nodes of different traces stand side by side from their start.

    Args:
        directory: where the files go.
        formats: which of them are wanted.
        nodes: how many nodes to keep.
    """

    def __init__(
        self, directory: Path, formats: Sequence[Format], nodes: int = NODES_SHOWN
    ) -> None:
        self._table = Table(directory, "series", formats)
        self._hours = np.empty(0)
        self._usage: dict[str, _Sums] = {}
        self._said: dict[Pair, _Sums] = {}
        self._surprise: Floats | None = None
        self._kept: Few[Panel] = Few(nodes)
        self._seen = 0

    def answer(self, record: Record, answer: Answer) -> None:
        """Add one strategy to the fleet."""
        pair = (answer.resource, answer.strategy)
        self._said.setdefault(pair, _Sums()).add(facts_of(record, answer))
        capacity = record.truth[answer.resource].capacity
        with np.errstate(divide="ignore", invalid="ignore"):  # a node without capacity
            share = np.nan_to_num(answer.judged.shortfall / capacity, posinf=0.0).sum(axis=0)
        self._surprise = share if self._surprise is None else self._surprise + share

    def done(self, record: Record) -> None:
        """Add the usage to the fleet, and keep the nodes worth it."""
        if record.windows > self._hours.size:
            self._hours = record.hours
        for resource in record.truth:
            self._usage.setdefault(resource, _Sums()).add(usage_of(record, resource))
        surprise = self._surprise if self._surprise is not None else np.zeros(len(record.nodes))
        self._keep(record, surprise)
        self._surprise = None
        self._seen += len(record.nodes)

    def close(self) -> None:
        """Write the fleet."""
        fleet = self.fleet()
        for (resource, strategy), said in fleet.said.items():
            columns = {
                "window": np.arange(fleet.hours.size, dtype=np.int32),
                "hours": fleet.hours,
                "resource": resource,
                "strategy": strategy,
                **fleet.usage[resource],
                **said,
            }
            self._table.append(pl.DataFrame(columns))
        self._table.close()

    def fleet(self) -> Panel:
        """All nodes together."""
        width = self._hours.size
        usage = {resource: sums.totals(width, ()) for resource, sums in self._usage.items()}
        said = {pair: sums.totals(width, SHARES) for pair, sums in self._said.items()}
        return Panel("", self._hours, usage, said)

    def nodes(self) -> Sequence[Panel]:
        """The nodes kept, in the order of the trace."""
        return self._kept.items

    def _keep(self, record: Record, surprise: Floats) -> None:
        chosen = self._kept.worthwhile(surprise, self._seen)
        panels = _panels(record.only(chosen))
        self._kept.keep(
            (float(surprise[n]), self._seen + n, p) for n, p in zip(chosen, panels, strict=True)
        )


@dataclass
class _Sums:
    """Sums over nodes, window by window, and how many nodes each is of."""

    sums: dict[str, Floats] = field(default_factory=dict)
    counts: dict[str, Floats] = field(default_factory=dict)

    def add(self, arrays: Mapping[str, Floats]) -> None:
        for name, array in arrays.items():
            self.sums[name] = _added(self.sums.get(name), np.nansum(array, axis=1))
            known = (~np.isnan(array)).sum(axis=1).astype(np.float64)
            self.counts[name] = _added(self.counts.get(name), known)

    def totals(self, width: int, means: Sequence[str]) -> Mapping[str, Floats]:
        """Sums, or means for those names; NaN where no node says anything."""
        totals = {}
        for name, total in self.sums.items():
            count = self.counts[name]
            divisor = np.maximum(count, 1) if name in means else 1.0
            row = np.where(count > 0, total / divisor, np.nan)
            totals[name] = np.concatenate([row, np.full(width - row.size, np.nan)])
        return totals


def _added(before: Floats | None, more: Floats) -> Floats:
    """The sum of two series, of which one may be longer."""
    if before is None:
        return more
    longer, shorter = (before, more) if before.size >= more.size else (more, before)
    total = longer.copy()
    total[: shorter.size] += shorter
    return total


def _panels(record: Record) -> Sequence[Panel]:
    """A panel of each node of a small record."""
    usage = {resource: usage_of(record, resource) for resource in record.truth}
    said = {(a.resource, a.strategy): facts_of(record, a) for a in record.answers()}
    verdicts = verdicts_of(record)
    return [
        Panel(
            name,
            record.hours,
            {r: {k: usage[r][k][:, at] for k in USAGE} for r in usage},
            {pair: {k: array[:, at] for k, array in facts.items()} for pair, facts in said.items()},
            {pair: verdict.of_node(at) for pair, verdict in verdicts.items()},
        )
        for at, name in enumerate(record.nodes)
    ]
