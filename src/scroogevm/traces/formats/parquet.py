"""ScroogeVM's own trace format: a directory of Parquet files."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path

import polars as pl

from scroogevm.errors import TraceError
from scroogevm.ports import Chunk
from scroogevm.text import plain
from scroogevm.traces.cut import TimeBlock, cut_blocks, recorded_shape
from scroogevm.traces.format import TraceFormat, TraceSource
from scroogevm.traces.manifest import MANIFEST, VERSION, Manifest, Part
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.remarks import without_listing
from scroogevm.traces.tables import columns


@dataclass(frozen=True)
class Parquet(TraceFormat):
    """A directory with ``trace.json``, ``nodes/`` and ``vms/``, read part by part."""

    formula = "directory with trace.json, nodes/*.parquet and vms/*.parquet"
    source = "this project"

    def recognises(self, path: Path) -> bool:
        """Whether it is a directory with a manifest."""
        return (path / MANIFEST).is_file()

    def open(self, path: Path, options: ReadOptions) -> TraceSource:
        """The source of a directory."""
        manifest = Manifest.read(path)
        if not manifest.parts:
            raise TraceError("has no parts", where=str(path), remedy="at least one, with a node")
        return _ParquetSource(path, manifest, options)


@dataclass(frozen=True)
class _ParquetSource(TraceSource):
    path: Path
    manifest: Manifest
    options: ReadOptions

    @property
    def node_count(self) -> int:
        """Nodes in all parts."""
        return sum(part.nodes for part in self.manifest.parts)

    @property
    def node_windows(self) -> int | None:
        """Windows of all nodes."""
        manifest = self.manifest
        shape = self.options.shape(recorded_shape(manifest), manifest.interval, str(self.path))
        return self.node_count * int((manifest.end - manifest.origin) / shape.slice + 1e-9)

    def loads(self) -> Iterable[Callable[[], Chunk]]:
        """One chunk for each part.

        Raises:
            TraceError: a node stands in two parts, each of which would be judged as a node.
        """
        home: dict[str, str] = {}
        for part in self.manifest.parts:
            if len(self.manifest.parts) > 1:
                for name in self._names(part):
                    if home.setdefault(name, part.name) != part.name:
                        raise TraceError(
                            f"is in part {home[name]} and in part {part.name}",
                            where=f"{self.path}: node {name}",
                            remedy="a node must be in one part, with its own name",
                        )
            yield partial(self._load, part)

    def _load(self, part: Part) -> Chunk:
        chunk = cut_blocks(
            self._names(part).to_list(),
            partial(self._blocks, part),
            self.manifest,
            self.options,
            f"{self.path}: part {part.name}",
        )
        if self.manifest.version < VERSION:
            chunk.found.add(without_listing(str(self.path)))
        return chunk

    def _blocks(self, part: Part, windows: int) -> Iterator[TimeBlock]:
        """The rows of a part, some time after another: as much as it was written in."""
        manifest = self.manifest
        slice_ = self.options.shape(recorded_shape(manifest), manifest.interval, "").slice
        count = ceil(part.block / slice_ - 1e-9) if part.block else windows
        for first in range(0, windows, count):
            last = min(first + count, windows)
            # Rows that lie outside of the trace go with its ends, where they are refused.
            begin = manifest.origin + first * slice_ if first else None
            end = manifest.origin + last * slice_ if last < windows else None
            nodes, vms = (self._rows(table, part, begin, end) for table in ("nodes", "vms"))
            yield TimeBlock(first, last, nodes, vms)

    def _rows(self, table: str, part: Part, begin: float | None, end: float | None) -> pl.DataFrame:
        """The rows of some time."""

        def some(rows: pl.LazyFrame, path: Path) -> pl.LazyFrame:
            rows = rows.select(columns(rows.collect_schema(), table, str(path)))
            if begin is not None:
                rows = rows.filter(pl.col("time") >= begin)
            if end is not None:
                rows = rows.filter(~(pl.col("time") >= end) | pl.col("time").is_null())
            return rows

        return self._read(table, part, some)

    def _names(self, part: Part) -> pl.Series:
        """The names of the nodes of a part, in order."""

        def names(rows: pl.LazyFrame, path: Path) -> pl.LazyFrame:
            columns(rows.collect_schema(), "nodes", str(path))
            return rows.select(pl.col("node").drop_nulls().cast(pl.String).unique().sort())

        return self._read("nodes", part, names)["node"]

    def _read(
        self, table: str, part: Part, of: Callable[[pl.LazyFrame, Path], pl.LazyFrame]
    ) -> pl.DataFrame:
        path = self.path / table / f"{part.name}.parquet"
        try:
            return of(pl.scan_parquet(path, glob=False), path).collect()
        except (OSError, pl.exceptions.PolarsError) as error:
            problem = plain(error)
            raise TraceError(f"cannot be read: {problem}", where=str(path)) from None
