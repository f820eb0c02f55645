"""Cuts the two tables of a trace into windows for the engine, block by block."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import polars as pl

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.samples import SIGNALS
from scroogevm.core.snapshot import Snapshot, outline_of, with_outline
from scroogevm.core.window import Occurrence, VMs, Window, take
from scroogevm.errors import TraceError
from scroogevm.ports import CPU, RESOURCES, Remark, Shape
from scroogevm.scoring import matched
from scroogevm.traces.checks import ABSURD_FRACTION, ABSURD_NODE, ABSURD_VM
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.options import ReadOptions, refuse_short
from scroogevm.traces.remarks import Remarks, two_places, unknown_allocation
from scroogevm.traces.roster import Roster, places
from scroogevm.traces.table import Cut, Owners, TraceTable
from scroogevm.windows.grid import Grid
from scroogevm.windows.presence import Presence, listing
from scroogevm.windows.signals import Age


class TimeBlock(NamedTuple):
    """The rows of some time.

    Attributes:
        first: number of its first window.
        last: number of the window after its last one.
        nodes: the columns of ``tables.NODES``, and of ``tables.SIGNAL_COLUMNS`` those there are.
        vms: the columns of ``tables.VMS``.
    """

    first: int
    last: int
    nodes: pl.DataFrame
    vms: pl.DataFrame


@dataclass(frozen=True, eq=False)
class CutChunk:
    """Some nodes of a trace, cut as they are read.

    Attributes:
        shape: how the windows are cut.
        nodes: names of the nodes.
        windows: how many closed slices it has.
        blocks: reads the rows, in order of time.
        manifest: what the trace says of itself.
        options: what the user says instead.
        where: what to call it in messages.
        found: what is odd about it, whatever its rows hold.
    """

    shape: Shape
    nodes: Sequence[str]
    windows: int
    blocks: Callable[[], Iterable[TimeBlock]]
    manifest: Manifest
    options: ReadOptions
    where: str
    found: Remarks = field(default_factory=Remarks)
    _walks: list[Remarks] = field(default_factory=list)

    @property
    def remarks(self) -> Sequence[Remark]:
        """What was odd about it, complete once the occurrences were walked."""
        return (self._walks or [self.found])[-1].kinds

    @property
    def occurrences(self) -> Iterator[Occurrence]:
        """The closed slices in order of time.

        Raises:
            TraceError: a row is missing, is there twice, or is absurd.
        """
        remarks = Remarks(self.found.kinds)
        self._walks.append(remarks)
        cutter = Cutter(self, remarks)
        for block in self.blocks():
            yield from cutter.cut(block)


def cut(
    nodes: pl.DataFrame, vms: pl.DataFrame, manifest: Manifest, options: ReadOptions, where: str
) -> CutChunk:
    """Cut tables that are in memory: see ``cut_blocks``."""
    if not nodes.height or "node" not in nodes.columns:
        names: Sequence[str] = ()
    else:
        names = nodes["node"].drop_nulls().cast(pl.String).unique().sort().to_list()

    def everything(windows: int) -> Iterable[TimeBlock]:
        return [TimeBlock(0, windows, nodes, vms)]

    return cut_blocks(names, everything, manifest, options, where)


def recorded_shape(manifest: Manifest) -> Shape:
    """How a trace says it is cut."""
    return Shape(manifest.scope, manifest.slice, manifest.history, manifest.origin)


def cut_blocks(
    names: Sequence[str],
    blocks: Callable[[int], Iterable[TimeBlock]],
    manifest: Manifest,
    options: ReadOptions,
    where: str,
) -> CutChunk:
    """Cut the tables of some whole nodes, block by block.

    Args:
        names: of the nodes.
        blocks: given the number of windows, the rows in order of time.
        manifest: what the trace says of itself.
        options: what the user says instead.
        where: what to call the tables in messages.

    Raises:
        TraceError: no window fits, or there is no node.
        MisuseError: the samples do not allow the shape asked for.
    """
    shape = options.shape(recorded_shape(manifest), manifest.interval, where)
    refuse_short(manifest.end - manifest.origin, shape.slice, where)
    if not names:
        raise TraceError("has no rows", where=f"{where}: nodes", remedy="a row a node and sample")
    windows = Grid(manifest.origin, manifest.end, manifest.interval, shape.slice).windows
    return CutChunk(
        shape, tuple(names), windows, partial(blocks, windows), manifest, options, where
    )


class Cutter:
    """Cuts block after block; what it holds between them does not grow with time.

    A live service makes one for a chunk whose windows never end, and lets nodes join and leave.

    Args:
        chunk: its nodes, and how they are cut.
        remarks: notes what is odd.
    """

    def __init__(self, chunk: CutChunk, remarks: Remarks) -> None:
        self.chunk = chunk
        self.remarks = remarks
        self.nodes = len(chunk.nodes)
        self.capacity = {resource: np.zeros(self.nodes) for resource in RESOURCES}
        self.roster = Roster()
        self.age = Age(np.full(self.nodes, np.nan))
        unit = chunk.options.vm_cpu_usage or chunk.manifest.vm_cpu_usage
        self.fraction = unit == "fraction"

    def realign(self, nodes: Sequence[str]) -> None:
        """Go on with other nodes: what is known of a node follows its name, VMs their node."""
        rows = matched(self.chunk.nodes, nodes)
        self.chunk = replace(self.chunk, nodes=tuple(nodes))
        self.nodes = len(nodes)
        self.capacity = {r: take(known, rows, 0.0) for r, known in self.capacity.items()}
        self.age.newest = take(self.age.newest, rows, np.nan)
        self.roster.move(rows)

    def snapshot(self) -> Snapshot:
        """What is held between blocks, as arrays by name."""
        arrays = {f"capacity/{r}": known for r, known in self.capacity.items()}
        arrays |= {f"roster/{name}": array for name, array in self.roster.arrays().items()}
        return with_outline({"nodes": list(self.chunk.nodes)}, {**arrays, "age": self.age.newest})

    def restore(self, arrays: Snapshot) -> None:
        """Go on from a snapshot.

        Raises:
            ValueError: the arrays are not a snapshot.
        """
        try:
            nodes = outline_of(arrays)["nodes"]
            self.chunk = replace(self.chunk, nodes=tuple(nodes))
            self.nodes = len(nodes)
            self.capacity = {r: arrays[f"capacity/{r}"] for r in RESOURCES}
            self.age.newest = arrays["age"]
            roster = {k.partition("/")[2]: a for k, a in arrays.items() if k[:7] == "roster/"}
            self.roster = Roster.restored(roster)
        except (KeyError, TypeError) as error:
            raise ValueError(f"is not a snapshot of a chunk: {error!r}") from None

    def cut(self, block: TimeBlock) -> Iterator[Occurrence]:
        """The occurrences of a block."""
        chunk, shape = self.chunk, self.chunk.shape
        node_table, vm_table = self._tables(block)
        place = places(node_table.owners, chunk.nodes)
        homes = self._homes(vm_table)
        listed = self._listing(node_table, place, vm_table, homes)
        everywhere = np.ones(self.nodes, np.bool_)
        of_nodes = Owners(
            place,
            self.capacity,
            Presence(everywhere.copy()),
            np.zeros((block.last - block.first, self.nodes), np.bool_),
        )
        owners = vm_table.owners.select(pl.Series("place", homes), "vm")
        of_vms = self.roster.begin(owners, listed)
        self._note(vm_table)
        signals = self._signals(node_table, place)
        local, node = self.roster.local, self.roster.node
        cuts = zip(node_table.cuts(of_nodes), vm_table.cuts(of_vms), strict=True)
        twice = self._namesakes(local)
        for at, (node_cut, vm_cut) in enumerate(cuts):
            number = block.first + at
            end = shape.origin + (number + 1) * shape.slice
            ids, home = local[vm_cut.ids], node[vm_cut.ids]
            windows = {
                r: _window(
                    node_cut,
                    VMs(ids, home, vm_cut.size[r], vm_cut.usage[r]),
                    r,
                    chunk.options.aggregation,
                )
                for r in RESOURCES
            }
            present = np.logical_or.reduce([~np.isnan(node_cut.usage[r]) for r in RESOURCES])
            told = {name: array[:, at] for name, array in signals.items()}
            told["age"] = self.age.then(present, end - shape.slice, end)
            if twice.size:
                self._note_two_places(twice, vm_cut.ids, end)
            yield Occurrence(
                number,
                number % shape.slices,
                end,
                chunk.nodes,
                windows,
                self.roster.names,
                told,
            )
        self.roster.end(of_vms)

    def _tables(self, block: TimeBlock) -> tuple[TraceTable, TraceTable]:
        chunk, vms = self.chunk, block.vms
        if self.fraction and {"cpu", "cpu_usage"} <= set(vms.columns):
            vms = vms.with_columns(pl.col("cpu_usage") * pl.col("cpu"))
        manifest, slice_ = chunk.manifest, chunk.shape.slice
        begin = manifest.origin + block.first * slice_
        last = block.last == chunk.windows
        end = manifest.end if last else manifest.origin + block.last * slice_
        grid = Grid(begin, end, manifest.interval, slice_)
        nodes = TraceTable(block.nodes, ("node",), grid, f"{chunk.where}: nodes")
        table = TraceTable(vms, ("node", "vm"), grid, f"{chunk.where}: vms")
        for resource in RESOURCES:
            nodes.check(resource, ABSURD_NODE)
            most = ABSURD_FRACTION if self.fraction and resource == CPU else ABSURD_VM
            table.check(resource, most)
        return nodes, table

    def _homes(self, vms: TraceTable) -> Ints:
        """The place of each VM's node."""
        home = places(vms.owners, self.chunk.nodes)
        if (home < 0).any():
            stray = vms.owners.row(int(np.flatnonzero(home < 0)[0]), named=True)
            raise TraceError(
                f"node {stray['node']} has no samples",
                where=f"{self.chunk.where}: vms: vm {stray['vm']}",
                remedy="every node of a VM must be in the node table",
            )
        return home

    def _listing(self, nodes: TraceTable, place: Ints, vms: TraceTable, home: Ints) -> Bools:
        """Where samples list VMs, (windows, nodes).

        Where the table does not say, a sample that has rows of VMs lists them.
        """
        rows = vms.counts(home, self.nodes)
        if not nodes.has("vms"):
            return rows > 0
        counts = nodes.spread("vms", place, self.nodes)
        return np.stack([listing(counts[:, at], rows[at]) for at in range(rows.shape[0])])

    def _signals(self, nodes: TraceTable, place: Ints) -> Mapping[str, Floats]:
        """The mean of each signal that the table has, (nodes, windows)."""
        found = {}
        for name in SIGNALS:
            if nodes.has(name):
                values = nodes.spread(name, place, self.nodes)
                told = ~np.isnan(values)
                number = told.sum(axis=2)
                total = np.where(told, values, 0.0).sum(axis=2)
                found[name] = np.where(number > 0, total / np.maximum(number, 1), np.nan)
        return found

    def _note(self, vms: TraceTable) -> None:
        for resource in RESOURCES:
            row, number = vms.unknown(resource, self.roster.new)
            if number:
                place = vms.place(row, resource)
                self.remarks.add(unknown_allocation(resource, place, number))

    def _namesakes(self, local: Ints) -> Ints:
        """A number for each of these VMs whose name stands on several nodes, else -1."""
        names = pl.Series([self.roster.names[vm] for vm in local], dtype=pl.String)
        if not names.is_duplicated().any():
            return np.empty(0, np.int64)
        group = names.rank("dense").cast(pl.Int64).to_numpy()
        return np.where(names.is_duplicated().to_numpy(), group, -1)

    def _note_two_places(self, twice: Ints, ids: Ints, end: float) -> None:
        """Note names that are on two nodes at once: migrations."""
        groups = np.sort(twice[ids][twice[ids] >= 0])
        both = int(np.count_nonzero(groups[1:] == groups[:-1]))
        if both:
            self.remarks.add(two_places(f"{self.chunk.where}: window that ends at {end:g}", both))


def _window(nodes: Cut, vms: VMs, resource: str, aggregation: int) -> Window:
    capacity = nodes.size[resource]
    allocated = vms.per_node(vms.allocated, nodes.ids.size)
    # A node with a VM of unknown size counts as full: what is not known is not free.
    allocated = np.where(np.isnan(allocated), capacity, allocated)
    return Window(nodes.usage[resource], capacity, allocated, vms, aggregation)
