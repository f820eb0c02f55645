"""Places VMs of a data set on identical nodes, and writes the trace of the nodes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from pathlib import Path
from typing import Any

import polars as pl

from scroogevm.core.arrays import Ints
from scroogevm.errors import MisuseError, TraceError
from scroogevm.files import scratch_beside
from scroogevm.ports import Shape
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.options import ReadOptions, refuse_short
from scroogevm.traces.placement.fit import STRATEGIES, pack
from scroogevm.traces.placement.rows import Nodes, node_rows
from scroogevm.traces.sizes import MEMORY_PER_CORE, MIB_IN_GIB
from scroogevm.traces.tables import PART_ROWS, TraceWriter, fill_gaps
from scroogevm.traces.vmtable import VmTable, open_vms, refuse_twice

MILLICORES, KIB = 1000, 1024
"""Units that packing counts in, to a core and to a MiB."""
SCOPE = 1800.0


@dataclass(frozen=True)
class Placing:
    """How VMs are placed.

    Attributes:
        cores: of each node.
        memory: of each node, MiB; None for 4 GiB a core, or what the largest VM needs.
        overcommit: allocations may add up to this many times cores and memory.
        strategy: a name of ``STRATEGIES``.
        skip_larger: whether VMs larger than a node are left out.
        shape: scope, slice and history of the trace.
    """

    cores: float
    memory: float | None = None
    overcommit: float = 1.0
    strategy: str = "first-fit"
    skip_larger: bool = False
    shape: Shape = Shape(SCOPE, SCOPE)

    def __post_init__(self) -> None:
        """Reject invalid values.

        Raises:
            MisuseError: a number is out of range.
        """
        for name in ("cores", "memory", "overcommit"):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and value > 0):
                raise MisuseError(f"{name} is {value:g}", remedy="a number above 0")
        if self.strategy not in STRATEGIES:
            known = ", ".join(STRATEGIES)
            raise MisuseError(f"unknown strategy {self.strategy!r}", remedy=f"known: {known}")


@dataclass(frozen=True)
class Placed:
    """What came of it.

    Attributes:
        manifest: of the trace.
        nodes: how many nodes it took.
        vms: how many VMs were placed.
        skipped: how many were left out.
        memory: MiB of each node.
        raised: whether that is more than 4 GiB a core, for the largest VM.
        missing: share of node samples without cpu usage.
        cut: samples of nodes where the VMs wanted more than the node has.
        oddities: what the data set made one wonder about.
    """

    manifest: Manifest
    nodes: int
    vms: int
    skipped: int
    memory: float
    raised: bool
    missing: float
    cut: int
    oddities: Sequence[str] = ()

    @property
    def facts(self) -> Mapping[str, Any]:
        """For a program to read."""
        return {
            "nodes": self.nodes,
            "vms": self.vms,
            "skipped": self.skipped,
            "cores": self.manifest.source["placed"]["cores"],
            "memory": self.memory,
            "windows": self.manifest.windows,
            "missing": self.missing,
            "cut": self.cut,
        }

    @property
    def remarks(self) -> Iterator[str]:
        """What a user should know."""
        yield from self.oddities
        if self.raised:
            yield f"nodes have {self.memory:g} MiB: the largest VM does not fit 4 GiB a core"
        if self.skipped:
            yield f"VMs larger than a node, left out: {self.skipped}"
        if self.missing:
            share = f"{100 * self.missing:.1f} %"
            yield f"{share} of the nodes' samples are missing, because there are too few readings"
        if self.cut:
            yield f"samples cut at a node's capacity, as its VMs wanted more: {self.cut}"


def place(
    path: Path,
    directory: Path,
    placing: Placing,
    *,
    spec: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Placed:
    """Place the VMs of a data set, in order of arrival and name, and write the trace.

    A VM lives from its first row to its last and holds its largest allocation all the time; what
    it holds is never moved. Limits are ``overcommit`` times cores and memory of a node.

    Args:
        path: the data set.
        directory: where the trace shall be.
        placing: how.
        spec: which data set, with parameters; None to look.
        overwrite: whether a trace that is there may be replaced.
        progress: told how many further VM rows are done.

    Raises:
        TraceError: the data set cannot be read, or a VM is larger than a node.
        MisuseError: the interval of the readings does not fit scope and slice.
    """
    # The writer is opened first: nothing is read in vain when the place is taken.
    draft = Manifest(placing.shape.scope, placing.shape.slice, placing.shape.slice)
    with TraceWriter(directory, draft, overwrite=overwrite) as writer:
        with scratch_beside(directory) as scratch:
            table = open_vms(path, spec, scratch)
            lives, room, skipped = _assign(table, placing, str(path))
            writer.manifest = _manifest(table, placing, room, str(path))
            missing = cut = samples = 0
            for nodes, part in _parts(table, lives, writer.manifest, room, scratch):
                here = lives.filter(pl.col("node").is_between(nodes.first, _last(nodes)))
                rows = part.join(here.drop("first", "last"), on="vm").sort("vm", "time")
                refuse_twice(rows.lazy(), str(path))
                frame, beyond = node_rows(nodes, rows, here)
                writer.write(frame, fill_gaps(_vm_rows(nodes, rows), table.interval))
                missing += frame["cpu_usage"].null_count()
                cut += beyond
                samples += frame.height
                progress(rows.height)
        count = int(lives["node"].max()) + 1  # type: ignore[arg-type]  # not empty
    raised = placing.memory is None and room[1] > placing.cores * MEMORY_PER_CORE
    manifest = Manifest.read(directory)
    share = missing / samples
    return Placed(
        manifest, count, lives.height, skipped, room[1], raised, share, cut, table.oddities
    )


def _assign(
    table: VmTable, placing: Placing, where: str
) -> tuple[pl.DataFrame, tuple[float, float], int]:
    """The node of each VM, the size of a node, and how many VMs were left out."""
    lives = table.lives.sort("first", "vm").with_columns(
        # Where an allocation is unknown, what a VM used at most weighs in its place.
        # One of which nothing is known weighs next to nothing, yet is there.
        cpu_weight=_whole(pl.col("cpu"), MILLICORES).clip(1, None),
        mem_weight=_whole(pl.coalesce("mem", "mem_peak"), KIB).clip(1, None),
        need=_whole(pl.col("mem"), KIB),
    )
    limit = placing.overcommit
    memory = _memory(lives, placing) if placing.memory is None else placing.memory
    room = int(placing.cores * limit * MILLICORES + 1e-6), int(memory * limit * KIB + 1e-6)
    larger = lives.filter((pl.col("cpu_weight") > room[0]) | (pl.col("need") > room[1]))
    if larger.height and not placing.skip_larger:
        vm = larger.row(0, named=True)
        raise TraceError(
            f"needs {vm['cpu']:g} cores and {vm['mem'] or 0:g} MiB, a node has "
            f"{placing.cores * limit:g} and {memory * limit:g}",
            where=f"{where}: VM {vm['vm']}",
            remedy="use larger --cores or --memory, or --skip-larger",
        )
    lives = lives.join(larger.select("vm"), on="vm", how="anti", maintain_order="left")
    if not lives.height:
        raise TraceError("no VM fits a node", where=where, remedy="use larger --cores or --memory")
    node = pack(
        (_ints(lives["first"]), _ints(lives["last"] + table.interval)),
        (_ints(lives["cpu_weight"]), _ints(lives["need"])),
        room,
        STRATEGIES[placing.strategy],
    )
    return lives.with_columns(node=node), (placing.cores, memory), larger.height


def _memory(lives: pl.DataFrame, placing: Placing) -> float:
    """4 GiB a core, or as many whole GiB as the largest VM needs."""
    largest = lives["mem"].max() or 0
    needed = ceil(float(largest) / placing.overcommit / MIB_IN_GIB) * MIB_IN_GIB  # type: ignore[arg-type]  # a number
    return max(placing.cores * MEMORY_PER_CORE, float(needed))


def _manifest(table: VmTable, placing: Placing, room: tuple[float, float], where: str) -> Manifest:
    shape = placing.shape
    options = ReadOptions(scope=shape.scope, slice=shape.slice)
    cut = options.shape(shape, table.interval, where)
    refuse_short(table.end - table.origin, cut.slice, where)
    how = {
        "cores": room[0],
        "memory": room[1],
        "overcommit": placing.overcommit,
        "strategy": placing.strategy,
    }
    return Manifest(
        scope=cut.scope,
        slice=cut.slice,
        interval=table.interval,
        history=shape.history,
        origin=table.origin,
        end=table.end,
        source={**table.source, "placed": how},
    )


def _parts(
    table: VmTable,
    lives: pl.DataFrame,
    manifest: Manifest,
    room: tuple[float, float],
    scratch: Path,
) -> Iterator[tuple[Nodes, pl.DataFrame]]:
    """The readings of some whole nodes at a time, split in one pass over the data set."""
    samples = round((manifest.end - manifest.origin) / manifest.interval)
    rows = lives.group_by("node").agg(pl.col("rows").sum()).sort("node")["rows"].to_list()
    part = _numbers(rows, samples)
    numbered = lives.select("vm", part=pl.Series(part).gather(lives["node"]))
    columns = ["vm", "time", "cpu_usage", "mem_usage"]
    split = scratch / "parts"
    table.frame.select(columns).join(numbered.lazy(), on="vm").sink_parquet(
        pl.PartitionBy(split, key="part", include_key=False), mkdir=True
    )
    width = len(str(len(part) - 1))
    for number in range(part[-1] + 1):
        first, count = part.index(number), part.count(number)
        names = [f"node-{node:0{width}}" for node in range(first, first + count)]
        grid = (manifest.origin, manifest.interval, samples)
        yield Nodes(first, names, *grid, *room), pl.read_parquet(split / f"part={number}")


def _numbers(rows: Sequence[int], samples: int) -> list[int]:
    """The part of each node: as many nodes as bound VM rows and node rows allow."""
    part, held, nodes = 0, 0, 0
    numbers = []
    for count in rows:
        if nodes and (held + count > PART_ROWS or (nodes + 1) * samples > PART_ROWS):
            part, held, nodes = part + 1, 0, 0
        held, nodes = held + count, nodes + 1
        numbers.append(part)
    return numbers


def _vm_rows(nodes: Nodes, rows: pl.DataFrame) -> pl.DataFrame:
    """The VM table of a part: each holds its largest allocation all its life."""
    names = pl.Series(nodes.names).gather(rows["node"] - nodes.first)
    return rows.select(names.alias("node"), "vm", "time", "cpu", "mem", "cpu_usage", "mem_usage")


def _last(nodes: Nodes) -> int:
    return nodes.first + len(nodes.names) - 1


def _whole(size: pl.Expr, units: int) -> pl.Expr:
    """A size in small units, rounded up; 0 where unknown."""
    return (size.cast(pl.Float64) * units - 1e-6).ceil().clip(0, None).fill_null(0).cast(pl.Int64)


def _ints(series: pl.Series) -> Ints:
    return series.cast(pl.Int64).to_numpy()
