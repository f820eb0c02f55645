"""Our own format: a directory of Parquet files."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from scroogevm.errors import TraceError
from scroogevm.ports import Chunk
from scroogevm.traces.cut import cut, recorded_shape
from scroogevm.traces.format import TraceFormat, TraceSource
from scroogevm.traces.manifest import MANIFEST, Manifest, Part
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.tables import NODES, VMS


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
        return _Source(path, manifest, options)


@dataclass(frozen=True)
class _Source(TraceSource):
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
                names = self._read("nodes", part, ["node"])["node"].unique().cast(pl.String)
                for name in names.drop_nulls().sort():
                    if home.setdefault(name, part.name) != part.name:
                        raise TraceError(
                            f"stands in part {home[name]} and in part {part.name}",
                            where=f"{self.path}: node {name}",
                            remedy="a part holds whole nodes, each with a name of its own",
                        )
            yield partial(self._load, part)

    def _load(self, part: Part) -> Chunk:
        nodes = self._read("nodes", part, list(NODES))
        vms = self._read("vms", part, list(VMS))
        return cut(nodes, vms, self.manifest, self.options, f"{self.path}: part {part.name}")

    def _read(self, table: str, part: Part, columns: list[str]) -> pl.DataFrame:
        path = self.path / table / f"{part.name}.parquet"
        try:
            return pl.read_parquet(path, columns=columns)
        except (OSError, pl.exceptions.PolarsError) as error:
            problem = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TraceError(f"cannot be read: {problem}", where=str(path)) from None
