"""The state of a chunk of nodes between windows; it belongs to names, not to rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.history import Memo
from scroogevm.core.vm_history import Trail
from scroogevm.core.window import Occurrence, VMs, Window, take


class Kept(NamedTuple):
    """A window that is kept.

    Attributes:
        number: of its occurrence.
        window: the window, with or without samples of its VMs.
    """

    number: int
    window: Window


class Residents(NamedTuple):
    """The VMs of the newest occurrence.

    Attributes:
        ids: (vms,), each number once.
        since: (vms,), first occurrence from which each VM is there without a break.
    """

    ids: Ints
    since: Ints

    def then(self, vms: VMs, number: int) -> "Residents":
        """The VMs of the next occurrence."""
        if self.ids is vms.ids or np.array_equal(self.ids, vms.ids):
            return self
        rows = VMs(self.ids, self.ids, np.empty(0), np.empty((0, 0))).find(vms.ids)
        return Residents(vms.ids, take(self.since, rows, number))


@dataclass(frozen=True, eq=False)
class State:
    """The state of the engine for a chunk of nodes. Arrays are over ``nodes``.

    Attributes:
        nodes: names.
        number: of the newest occurrence; -1 before the first one.
        windows: the kept windows, oldest first, by slice and resource.
        silence: (nodes,), number of windows since the last sample of each node, likewise.
        memos: of each strategy, by slice, resource and strategy.
        trails: the last samples of each VM, by resource.
        residents: the VMs of the newest occurrence, by resource.
        left: number of the newest occurrence of each node that has left and may return.
        away: the state of these nodes.
    """

    nodes: Sequence[str] = ()
    number: int = -1
    windows: Mapping[tuple[int, str], Sequence[Kept]] = field(default_factory=dict)
    silence: Mapping[tuple[int, str], Ints] = field(default_factory=dict)
    memos: Mapping[tuple[int, str, str], Memo] = field(default_factory=dict)
    trails: Mapping[str, Trail] = field(default_factory=dict)
    residents: Mapping[str, Residents] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)
    away: "State | None" = None

    def aligned(self, nodes: Sequence[str], kept: int, slices: int) -> "State":
        """The state of these nodes, in this order. Rows are matched only here.

        A new node starts without state. So does a node that returns after more windows than are
        kept. The VMs of a node that returns are always new.

        Args:
            nodes: names, each once.
            kept: K, windows that are kept of each slice.
            slices: slices in a scope.
        """
        if nodes is self.nodes or list(nodes) == list(self.nodes):
            return replace(self, nodes=nodes)
        wide = self if self.away is None else self._beside(self.away)
        place = {name: row for row, name in enumerate(wide.nodes)}
        here = set(nodes)
        left = {**self.left, **dict.fromkeys(self.nodes, self.number)}
        left = {
            name: number
            for name, number in left.items()
            if name not in here and self.number - number <= kept * slices
        }
        state = wide.taken(nodes, place)
        away = wide.taken(list(left), place).without_vms if left else None
        return replace(state.forgetting(kept), left=left, away=away)

    def silent(self, key: tuple[int, str], which: Bools) -> "State":
        """One more window of a slice and resource.

        Args:
            key: slice and resource.
            which: (nodes,), the nodes without a sample in it. Nodes that are away have none.
        """
        before = self.silence.get(key, np.zeros(len(self.nodes), np.int64))
        silence = {**self.silence, key: np.where(which, before + 1, 0)}
        away = self.away and self.away.silent(key, np.ones(len(self.away.nodes), np.bool_))
        return replace(self, silence=silence, away=away)

    def forgetting(self, kept: int) -> "State":
        """The state without nodes that had no sample for more windows than are kept."""
        cold = {key: silence > kept for key, silence in self.silence.items()}
        if not any(which.any() for which in cold.values()):
            return self
        memos = {key: _without(memo, cold[key[:2]]) for key, memo in self.memos.items()}
        return replace(self, memos=memos)

    def taken(self, nodes: Sequence[str], place: Mapping[str, int]) -> "State":
        """The state of these nodes, by their rows here; a node without a row is new."""
        rows = np.array([place.get(name, -1) for name in nodes], np.int64)
        return State(
            nodes,
            self.number,
            {
                key: [Kept(number, window.moved(rows)) for number, window in windows]
                for key, windows in self.windows.items()
            },
            {key: take(silence, rows, 0) for key, silence in self.silence.items()},
            {
                key: {name: take(array, rows, np.nan) for name, array in memo.items()}
                for key, memo in self.memos.items()
            },
            {resource: trail.moved(rows) for resource, trail in self.trails.items()},
            self.residents,
        )

    def renumbered(self, names: Mapping[int, str], occurrence: Occurrence) -> "State":
        """The state with the VM ids of another source: VMs are matched by node and name.

        Args:
            names: name of every VM id here.
            occurrence: the next one; VMs that are not in it get ids that no source has.
        """
        theirs = {
            (occurrence.nodes[node], occurrence.vm_names[number]): number
            for window in occurrence.windows.values()
            for number, node in zip(window.vms.ids.tolist(), window.vms.node.tolist(), strict=True)
        }
        table: dict[int, int] = {}
        for kept in self.windows.values():
            for number, window in kept:
                if number != self.number:
                    continue
                for vm, node in zip(window.vms.ids.tolist(), window.vms.node.tolist(), strict=True):
                    table[vm] = theirs.get((self.nodes[node], names[vm]), -1 - vm)

        def of(vms: VMs) -> VMs:
            return replace(vms, ids=ids(vms.ids))

        def ids(numbers: Ints) -> Ints:
            return np.array([table.get(vm, -1 - vm) for vm in numbers.tolist()], np.int64)

        return replace(
            self,
            windows={
                key: [Kept(number, window.with_vms(of(window.vms))) for number, window in kept]
                for key, kept in self.windows.items()
            },
            trails={
                resource: replace(trail, parts=tuple(of(part) for part in trail.parts))
                for resource, trail in self.trails.items()
            },
            residents={
                resource: Residents(ids(residents.ids), residents.since)
                for resource, residents in self.residents.items()
            },
        )

    @property
    def without_vms(self) -> "State":
        """The same state without VMs."""
        windows = {
            key: [Kept(number, window.with_vms(VMs.none())) for number, window in windows]
            for key, windows in self.windows.items()
        }
        return replace(self, windows=windows, trails={}, residents={})

    def _beside(self, other: "State") -> "State":
        """Both states, these nodes first; from the other one only windows that are kept here."""
        mine, theirs = len(self.nodes), len(other.nodes)
        windows = {
            key: _joined(windows, dict(other.windows.get(key, ())), theirs)
            for key, windows in self.windows.items()
        }
        none = np.zeros(theirs, np.int64)
        return replace(
            self,
            nodes=[*self.nodes, *other.nodes],
            windows=windows,
            silence={
                key: np.concatenate([silence, other.silence.get(key, none)])
                for key, silence in self.silence.items()
            },
            memos={
                key: _stacked(memo, mine, other.memos.get(key, {}), theirs)
                for key, memo in self.memos.items()
            },
        )


def _without(memo: Memo, which: Bools) -> Memo:
    """A memo without the values of some nodes."""
    return {name: np.where(which, np.nan, array) for name, array in memo.items()}


def _joined(windows: Collection[Kept], other: Mapping[int, Window], more: int) -> Sequence[Kept]:
    return [Kept(number, _wider(window, other.get(number), more)) for number, window in windows]


def _wider(window: Window, other: Window | None, more: int) -> Window:
    """A window with the nodes of another window of the same time appended."""
    if other is None:
        none = np.full(more, -1)
        return window.moved(np.concatenate([np.arange(window.nodes), none]))
    return Window(
        np.concatenate([window.usage, other.usage]),
        np.concatenate([window.capacity, other.capacity]),
        np.concatenate([window.allocated, other.allocated]),
        window.vms,
        window.aggregation,
    )


def _stacked(memo: Memo, mine: int, other: Memo, theirs: int) -> Memo:
    def column(values: Memo, name: str, nodes: int) -> Floats:
        return values.get(name, np.full(nodes, np.nan))

    return {
        name: np.concatenate([column(memo, name, mine), column(other, name, theirs)])
        for name in dict.fromkeys([*memo, *other])
    }
