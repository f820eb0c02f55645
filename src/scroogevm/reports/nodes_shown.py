"""The panels of the few nodes of a chunk that are shown one by one."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.reports.blocks import Blocks
from scroogevm.reports.node_selection import Few, Focus
from scroogevm.reports.panel import Drawing, Panel, strategies_of
from scroogevm.reports.reasons import Explainers, Reasons
from scroogevm.reports.record import Moment, Pair, Record
from scroogevm.reports.verdicts import Verdicts, verdicts_of

VERDICTS_SHOWN = 500
"""Windows of a node whose verdicts are shown, the last ones."""
PLACES = 64
"""Nodes of a chunk that are watched while its windows pass; each takes a third of a megabyte."""
Kept = tuple[float, int, Panel]
"""How interesting a node is, its place in the chunk, and its panel."""


class NodesShown:
    """Keeps panels of the first nodes of a chunk and of those with most shortfall so far.

    Of a chunk with more nodes than are watched, one that becomes interesting late is watched from
    then on: what it did before is missing from its panel.
    """

    def __init__(self, nodes: Sequence[str], most: int, who: Explainers) -> None:
        self._names = nodes
        self._most = most
        self._focus = Focus(len(nodes), PLACES, most)
        self._interest = np.zeros(len(nodes))
        self._drawing: Drawing | None = None
        self._verdicts: deque[tuple[Floats, int, Mapping[Pair, Verdicts]]] = deque()
        self._since = np.zeros(len(self._focus.nodes), np.int64)
        self._windows = 0
        self._reasons = Reasons(who)
        self._blocks = Blocks(self._judge)

    def take(
        self, moment: Moment, usage: Mapping[str, Floats], facts: Mapping[str, Floats]
    ) -> None:
        """Note one window."""
        for told in moment.told.values():
            with np.errstate(divide="ignore", invalid="ignore"):  # a node without capacity
                share = told.settled.shortfall / told.truth.capacity
            self._interest += np.nan_to_num(share, posinf=0.0).sum(axis=0)
        if self._drawing is None:
            self._drawing = Drawing(strategies_of(moment), len(self._focus.nodes))
        changed = self._focus.follow(self._interest)
        if changed:
            self._blocks.flush()  # until now these places were other nodes'
        for place in changed:
            self._drawing.blank(place)
            self._since[place] = self._windows
        nodes = self._focus.nodes
        self._drawing.add(
            {resource: rows[..., nodes] for resource, rows in usage.items()},
            {resource: rows[..., nodes] for resource, rows in facts.items()},
            moment.hour,
        )
        self._windows += 1
        self._reasons.take(moment, nodes)
        self._blocks.take(moment)

    def close(self) -> Sequence[Kept]:
        """The nodes that may be shown."""
        if self._drawing is None:
            return []
        self._blocks.flush()
        nodes = self._focus.nodes
        chosen = set(Few[Panel](self._most).worthwhile(self._interest[nodes]))
        wanted = {p: self._names[n] for p, n in enumerate(nodes.tolist()) if p in chosen}
        panels = self._drawing.panels(wanted)
        return [
            (
                float(self._interest[nodes[place]]),
                int(nodes[place]),
                replace(self._judged(panel, place), why=self._reasons.of(int(nodes[place]))),
            )
            for place, panel in zip(wanted, panels, strict=True)
        ]

    def _judge(self, record: Record) -> None:
        """Keep the verdicts on the nodes watched."""
        nodes: Ints = self._focus.nodes
        found = {p: said.only(nodes.tolist()) for p, said in verdicts_of(record).items()}
        if found:
            self._verdicts.append((record.hours, self._windows - record.windows, found))
        while sum(hours.size for hours, *_ in list(self._verdicts)[1:]) >= VERDICTS_SHOWN:
            self._verdicts.popleft()

    def _judged(self, panel: Panel, place: int) -> Panel:
        """The panel with verdicts on its last windows."""
        since = self._since[place]
        blocks = [block for block in self._verdicts if block[1] >= since]
        if not blocks:
            return panel
        ends = np.concatenate([hours for hours, *_ in blocks])
        pairs = dict.fromkeys(pair for *_, found in blocks for pair in found)
        verdicts = {
            pair: Verdicts.joined(
                [found[pair].only([place]) for *_, found in blocks if pair in found]
            ).last(VERDICTS_SHOWN)
            for pair in pairs
        }
        shown = min(ends.size, VERDICTS_SHOWN)
        first = blocks[0][1] + ends.size - shown
        return replace(panel, verdicts=verdicts, ends=ends[-shown:], first=first)
