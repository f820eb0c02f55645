"""The two tables of our format as the windows the engine asks for."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import polars as pl

from scroogevm.core.arrays import Ints
from scroogevm.core.window import Occurrence, VMs, Window
from scroogevm.errors import TraceError
from scroogevm.ports import CPU, RESOURCES, Remark, Shape
from scroogevm.traces.checks import ABSURD_FRACTION, ABSURD_NODE, ABSURD_VM
from scroogevm.traces.chunk import RecordedChunk
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.options import ReadOptions, refuse_short
from scroogevm.traces.remarks import unknown_allocation
from scroogevm.traces.table import Cut, Grid, Table


def recorded_shape(manifest: Manifest) -> Shape:
    """How a trace says it is cut."""
    return Shape(manifest.scope, manifest.slice, manifest.history, manifest.origin)


def cut(
    nodes: pl.DataFrame, vms: pl.DataFrame, manifest: Manifest, options: ReadOptions, where: str
) -> RecordedChunk:
    """Cut the tables of some whole nodes.

    Args:
        nodes: the columns of ``tables.NODES``.
        vms: the columns of ``tables.VMS``.
        manifest: what the trace says of itself.
        options: what the user says instead.
        where: what to call the tables in messages.

    Raises:
        TraceError: no window fits, or a row is missing, stands twice, or is absurd.
        MisuseError: the samples do not allow the shape asked for.
    """
    shape = options.shape(recorded_shape(manifest), manifest.interval, where)
    refuse_short(manifest.end - manifest.origin, shape.slice, where)
    if not nodes.height:
        raise TraceError("has no rows", where=f"{where}: nodes", remedy="a row a node and sample")
    grid = Grid(manifest.origin, manifest.end, manifest.interval, shape.slice)
    fraction = (options.vm_cpu_usage or manifest.vm_cpu_usage) == "fraction"
    if fraction and {"cpu", "cpu_usage"} <= set(vms.columns):
        vms = vms.with_columns(pl.col("cpu_usage") * pl.col("cpu"))
    node_table = Table(nodes, ("node",), grid, f"{where}: nodes")
    vm_table = Table(vms, ("node", "vm"), grid, f"{where}: vms")
    for resource in RESOURCES:
        node_table.check(resource, ABSURD_NODE)
        vm_table.check(resource, ABSURD_FRACTION if fraction and resource == CPU else ABSURD_VM)
    names = tuple(node_table.owners["node"].to_list())
    vm_names = tuple(vm_table.owners["vm"].to_list())
    vm_node = _positions(vm_table, node_table, where)
    cuts = zip(node_table.cuts(everywhere=True), vm_table.cuts(everywhere=False), strict=True)
    found = []
    for number, (of_nodes, of_vms) in enumerate(islice(cuts, grid.windows)):
        windows = {
            resource: _window(of_nodes, of_vms, vm_node, resource, options.aggregation)
            for resource in RESOURCES
        }
        end = shape.origin + (number + 1) * shape.slice
        found.append(Occurrence(number, number % shape.slices, end, names, windows, vm_names))
    return RecordedChunk(shape, names, found, list(_remarks(vm_table)))


def _window(nodes: Cut, vms: Cut, vm_node: Ints, resource: str, aggregation: int) -> Window:
    of_vms = VMs(vms.ids, vm_node[vms.ids], vms.size[resource], vms.usage[resource])
    capacity = nodes.size[resource]
    allocated = of_vms.per_node(of_vms.allocated, nodes.ids.size)
    # A node with a VM of unknown size counts as full: what is not known is not free.
    allocated = np.where(np.isnan(allocated), capacity, allocated)
    return Window(nodes.usage[resource], capacity, allocated, of_vms, aggregation)


def _remarks(vms: Table) -> Iterator[Remark]:
    for resource in RESOURCES:
        row, number = vms.unknown(resource)
        if number:
            yield unknown_allocation(resource, vms.place(row, resource), number)


def _positions(vms: Table, nodes: Table, where: str) -> Ints:
    """The position of each VM's node."""
    places = nodes.owners.with_row_index("place")
    joined = vms.owners.join(places, on="node", how="left", maintain_order="left")
    if joined["place"].has_nulls():
        stray = joined.filter(pl.col("place").is_null()).row(0, named=True)
        raise TraceError(
            f"node {stray['node']} has no samples",
            where=f"{where}: vms: vm {stray['vm']}",
            remedy="every node of a VM stands in the node table",
        )
    return joined["place"].to_numpy().astype(np.int64)
