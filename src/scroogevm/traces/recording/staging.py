"""Keeps the pieces of a trace beside its place until it is complete, so that work can resume."""

import fcntl
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl

from scroogevm.errors import MisuseError
from scroogevm.files import replacing, unwritable
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.recording.listed import listed
from scroogevm.traces.recording.remarks import lacks
from scroogevm.traces.tables import TraceWriter

_PLAN = "plan.json"


class Work(AbstractContextManager["Work"]):
    """A directory ``.NAME.recording`` beside the trace, which an interrupt leaves for the next try.

    It holds the plan, and the two tables of every piece that was read: some nodes in some time. A
    piece appears whole or not at all. One process at a time works in it.

    Args:
        place: where the trace shall be.

    Raises:
        MisuseError: another process works in it.
        OutputError: it cannot be written.
    """

    def __init__(self, place: Path) -> None:
        target = Path(os.path.realpath(place))
        self.place = place
        self.folder = target.with_name(f".{target.name}.recording")

    def __enter__(self) -> "Work":
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise unwritable(error, self.folder) from None
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._handle)
            raise MisuseError(
                "is being recorded by another process",
                where=str(self.place),
                remedy="wait for it, or choose another directory",
            ) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._handle)
        with suppress(OSError):  # where nothing was begun there is nothing to go on with
            self.folder.rmdir()

    @property
    def plan(self) -> dict[str, Any] | None:
        """What was planned when the work began; None where it begins now, or cannot be read."""
        try:
            content = json.loads((self.folder / _PLAN).read_bytes())
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def begin(self, plan: dict[str, Any]) -> None:
        """Forget what was done, and plan anew."""
        for path in self.folder.iterdir():
            path.unlink()
        self._write(_PLAN, lambda path: path.write_text(json.dumps(plan)))

    def done(self, part: int, piece: int) -> bool:
        """Whether a piece is there."""
        return self._place("vms", part, piece).is_file()

    def keep(self, part: int, piece: int, nodes: pl.DataFrame, vms: pl.DataFrame) -> None:
        """Keep a piece."""
        for table, frame in (("nodes", nodes), ("vms", vms)):  # what is last says it is whole
            self._write(self._place(table, part, piece).name, frame.write_parquet)

    @property
    def lacks(self) -> Sequence[str]:
        """What is missing, and what that costs."""
        return [*lacks(self._table("nodes"), self._table("vms"))]

    def finish(self, manifest: Manifest, parts: int, *, overwrite: bool) -> Manifest:
        """Make the trace of the pieces, from the first window with a sample to the last.

        The work is cleared away.
        """
        times = self._table("nodes").select(pl.min("time"), pl.max("time").alias("last"))
        first, last = times.collect().row(0)
        manifest = manifest if first is None else _trimmed(manifest, first, last)
        with TraceWriter(self.place, manifest, overwrite=overwrite) as writer:
            for part in range(parts):
                nodes = self._table("nodes", part).collect()
                # A VM whose node was silent all the time has nowhere to be.
                known = self._table("vms", part).join(
                    nodes.lazy().select("node").unique(), on="node", how="semi"
                )
                if nodes.height:
                    vms = known.collect()
                    writer.write(listed(nodes, vms), vms)
        shutil.rmtree(self.folder)
        return Manifest.read(self.place)

    def _table(self, table: str, part: int | None = None) -> pl.LazyFrame:
        """All pieces of a part, or of all."""
        which = "*" if part is None else f"{part:05d}"
        return pl.scan_parquet(sorted(self.folder.glob(f"{which}-*.{table}")))

    def _place(self, table: str, part: int, piece: int) -> Path:
        return self.folder / f"{part:05d}-{piece:05d}.{table}"

    def _write(self, name: str, write: Any) -> None:
        place = self.folder / name
        try:
            with replacing(place) as staged:
                write(staged)
        except pl.exceptions.PolarsError as error:
            raise unwritable(error, place) from None


def _trimmed(manifest: Manifest, first: float, last: float) -> Manifest:
    """Without the scopes before the first sample and the slices after the last one."""
    origin, scope, slice_ = manifest.origin, manifest.scope, manifest.slice
    begin = origin + (first - origin) // scope * scope
    end = origin - (origin - last - manifest.interval / 2) // slice_ * slice_
    return replace(manifest, origin=begin, end=min(end, manifest.end))
