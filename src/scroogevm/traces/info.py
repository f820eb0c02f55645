"""Summarises a trace or data set in a few numbers."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from scroogevm.traces.dataset import unreadable
from scroogevm.traces.manifest import MANIFEST, Manifest
from scroogevm.traces.predecessor.tables import to_tables
from scroogevm.traces.vmtable import open_vms

Facts = Mapping[str, Any]


def describe(path: Path, spec: str | None = None) -> Facts:
    """The facts of a trace of nodes, or of a data set of VMs.

    Keys: kind, nodes, vms, span and interval (s), scope, slice, slices, windows, history, capacity
    (mean cores of a node), allocated (of the capacity of all nodes, mean over time), usage
    (likewise), missing (share of samples), source; None if there is no such thing.

    Raises:
        TraceError: it cannot be read.
    """
    if spec is None and (path / MANIFEST).is_file():
        manifest = Manifest.read(path)
        nodes, vms = (_parts(path / table, manifest) for table in ("nodes", "vms"))
        return _of_nodes("nodes, Parquet", path, manifest, nodes, vms)
    if spec is None and path.is_file() and ".json" in path.suffixes:
        manifest, node_table, vm_table = to_tables(path)
        return _of_nodes(
            "nodes, JSON of the predecessor", path, manifest, node_table.lazy(), vm_table.lazy()
        )
    return _of_vms(path, spec)


def _of_nodes(
    kind: str, path: Path, manifest: Manifest, nodes: pl.LazyFrame, vms: pl.LazyFrame
) -> Facts:
    nodes, vms = _known(nodes, "cpu", "cpu_usage"), _known(vms, "cpu")
    try:
        node = nodes.select(
            nodes=pl.col("node").n_unique(),
            capacity=pl.col("cpu").mean(),
            total=pl.col("cpu").sum(),
            # Usage is compared with the capacity of the samples that have one.
            used=pl.col("cpu_usage").sum(),
            read=pl.col("cpu").filter(pl.col("cpu_usage").is_not_null()).sum(),
            samples=pl.len(),
            missing=pl.col("cpu_usage").null_count(),
        )
        # A VM holds its allocation from its first row to its last, read or not.
        samples = (pl.col("time").max() - pl.col("time").min()) / manifest.interval + 1
        vm = (
            vms.group_by(pl.col("node", "vm").cast(pl.String))
            .agg(held=pl.col("cpu").mean() * samples)
            .select(vms=pl.len(), allocated=pl.col("held").sum())
        )
        facts = {
            **node.collect(engine="streaming").row(0, named=True),
            **vm.collect(engine="streaming").row(0, named=True),
        }
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(path, error) from None
    return {
        "kind": kind,
        "nodes": facts["nodes"],
        "vms": facts["vms"],
        "span": manifest.end - manifest.origin,
        "interval": manifest.interval,
        "scope": manifest.scope,
        "slice": manifest.slice,
        "slices": round(manifest.scope / manifest.slice),
        "windows": manifest.windows,
        "history": manifest.history,
        "capacity": facts["capacity"],
        "allocated": _share(facts["allocated"], facts["total"]),
        "usage": _share(facts["used"], facts["read"]),
        "missing": _share(facts["missing"], facts["samples"]),
        "source": dict(manifest.source),
    }


def _of_vms(path: Path, spec: str | None) -> Facts:
    with TemporaryDirectory(prefix="scroogevm-") as scratch:
        table = open_vms(path, spec, Path(scratch))
        lives = table.lives
    expected = float(((lives["last"] - lives["first"]) / table.interval + 1).sum())
    read = float(lives["readings"].sum())
    used = float((lives["cpu_mean"] * lives["readings"]).sum())
    held = float((lives["cpu"].cast(pl.Float64) * lives["readings"]).sum())
    return {
        "kind": f"VMs, {table.source['data_set']}",
        "nodes": None,
        "vms": lives.height,
        "span": table.end - table.origin,
        "interval": table.interval,
        **dict.fromkeys(("scope", "slice", "slices", "windows", "history", "capacity")),
        "allocated": None,
        "usage": _share(used, held),
        "missing": max(0.0, 1 - read / expected),
        "source": dict(table.source),
    }


def _parts(folder: Path, manifest: Manifest) -> pl.LazyFrame:
    """The files of a table that the trace names, and no other that lies beside them."""
    files = [folder / f"{part.name}.parquet" for part in manifest.parts]
    return pl.scan_parquet(files, glob=False)


def _known(table: pl.LazyFrame, *columns: str) -> pl.LazyFrame:
    """The table with numbers in these columns, null where they are none."""
    numbers = {name: pl.col(name).cast(pl.Float64) for name in columns}
    return table.with_columns(
        pl.when(number.is_finite()).then(number).alias(name) for name, number in numbers.items()
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
