"""Converts traces and data sets to ScroogeVM's own files."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from scroogevm.errors import MisuseError, TraceError
from scroogevm.files import move_file, scratch_beside, system_number, unwritable
from scroogevm.traces.cut import cut
from scroogevm.traces.dataset import VM_TABLE, unreadable
from scroogevm.traces.manifest import MANIFEST, VERSION, Manifest
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.predecessor.recording import read_recording
from scroogevm.traces.predecessor.tables import recording_to_tables
from scroogevm.traces.predecessor.windows import occurrences
from scroogevm.traces.remarks import Remarks
from scroogevm.traces.tables import (
    PART_ROWS,
    TraceWriter,
    columns,
    fill_gaps,
)
from scroogevm.traces.vmtable import open_vms, refuse_twice

Tables = tuple[pl.DataFrame, pl.DataFrame]
Progress = Callable[[int], None]


def convert_nodes(
    sources: Sequence[Path],
    directory: Path,
    *,
    rows: int = PART_ROWS,
    overwrite: bool = False,
    progress: Progress = lambda _: None,
) -> Manifest:
    """Node traces into one directory of ours, in parts of about ``rows`` VM rows.

    Args:
        sources: one directory of ours, or JSON files of the predecessor; of several files the
            nodes are called after their file.
        directory: where the trace shall be.
        rows: VM rows in a part; a node is never split.
        overwrite: whether a trace that is there may be replaced.
        progress: told how many further nodes are done.

    Raises:
        TraceError: one cannot be read, or they do not go together.
    """
    if len(sources) == 1 and (sources[0] / MANIFEST).is_file():
        manifest = Manifest.read(sources[0])
        tables = _cut_again(sources[0], manifest, rows)
    else:
        manifest, tables = _joined(sources)
    waiting: list[Tables] = []
    with TraceWriter(directory, replace(manifest, parts=()), overwrite=overwrite) as writer:
        for pair in tables:
            if waiting and sum(vms.height for _, vms in [*waiting, pair]) > rows:
                writer.write(*_stacked(waiting))
                waiting.clear()
            waiting.append(pair)
            progress(pair[0]["node"].n_unique())
        if waiting:
            writer.write(*_stacked(waiting))
    return Manifest.read(directory)


def convert_vms(
    path: Path,
    place: Path,
    spec: str | None,
    *,
    overwrite: bool = False,
    remark: Callable[[str], None] = lambda _: None,
) -> int:
    """A data set of VMs into one Parquet file, sorted by VM and time.

    Args:
        path: the data set.
        place: the file.
        spec: which data set, with parameters; None to look.
        overwrite: whether a file that is there may be replaced.
        remark: told what a user should know.

    Returns:
        How many rows it has.

    Raises:
        TraceError: the trace cannot be read, or has invalid numbers.
        MisuseError: the place is taken.
        OutputError: it cannot be written.
    """
    _refuse_taken(place, overwrite=overwrite)
    try:
        with scratch_beside(place) as scratch:
            table = open_vms(path, spec, scratch)
            staged = scratch / "sorted.parquet"
            table.frame.sort("vm", "time").sink_parquet(staged)
            refuse_twice(pl.scan_parquet(staged), str(path))
            move_file(staged, place)
    except (OSError, pl.exceptions.PolarsError) as error:
        if system_number(error) is None:
            raise unreadable(path, error) from None
        raise unwritable(error, place) from None
    for line in table.oddities:
        remark(line)
    return int(table.lives["rows"].sum())


def _refuse_taken(place: Path, *, overwrite: bool) -> None:
    """Refuse a place where something else is than a table of VMs that may be replaced."""
    if not place.exists():
        return
    try:
        ours = list(pl.read_parquet_schema(place)) == list(VM_TABLE)
    except (OSError, pl.exceptions.PolarsError):
        ours = False
    if not ours:
        raise MisuseError(
            "exists, and was not written by `scroogevm trace convert` (not a table of VMs)",
            where=str(place),
            remedy="choose another file",
        )
    if not overwrite:
        remedy = "choose another file or add --force"
        raise MisuseError("exists already", where=str(place), remedy=remedy)


def _joined(sources: Sequence[Path]) -> tuple[Manifest, Iterator[Tables]]:
    """Files of the predecessor as one trace; all must be cut alike."""
    first, nodes, vms = _believed(sources[0])
    if len(sources) == 1:
        return first, iter([(nodes, vms)])
    names = [path.name.split(".")[0] for path in sources]
    if len(set(names)) < len(names):
        raise MisuseError("two files have one name", where=", ".join(map(str, sources)))
    read = [(first, nodes, vms), *(_believed(path) for path in sources[1:])]
    for path, (manifest, *_) in zip(sources, read, strict=True):
        for name in ("scope", "slice", "interval", "history", "vm_cpu_usage"):
            mine, other = getattr(manifest, name), getattr(first, name)
            if mine != other:
                raise TraceError(
                    f"{name} is {mine}, that of {sources[0]} is {other}",
                    where=str(path),
                    remedy="convert them separately",
                )
    whole = replace(
        first,
        end=max(manifest.end for manifest, *_ in read),
        source={"files": [path.name for path in sources], "format": "predecessor"},
    )
    named = (
        tuple(table.with_columns(node=pl.lit(name)) for table in tables)
        for name, (_, *tables) in zip(names, read, strict=True)
    )
    return whole, ((nodes, vms) for nodes, vms in named)


def _believed(path: Path) -> tuple[Manifest, pl.DataFrame, pl.DataFrame]:
    """The tables of a file of the predecessor, whose numbers a replay would take."""
    recording = read_recording(path, Remarks())
    occurrences(recording, recording.shape, "fraction", 1)  # refuses what must not be believed
    return recording_to_tables(recording)


def _cut_again(path: Path, manifest: Manifest, rows: int) -> Iterator[Tables]:
    """The nodes of a directory of ours, as many at a time as ``rows`` allows."""
    try:
        for part in manifest.parts:
            file = f"{part.name}.parquet"
            where = f"{path}: part {part.name}"
            nodes, vms = (_scan(path / table / file, table) for table in ("nodes", "vms"))
            held = dict(vms.group_by("node").len().collect(engine="streaming").iter_rows())
            group: list[str] = []
            for node in nodes.select(pl.col("node").unique().sort()).collect()["node"]:
                if group and sum(held.get(one, 0) for one in [*group, node]) > rows:
                    yield _checked(_of(nodes, group), _of(vms, group), manifest, where)
                    group = []
                group.append(node)
            yield _checked(_of(nodes, group), _of(vms, group), manifest, where)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(path, error) from None


def _scan(path: Path, table: str) -> pl.LazyFrame:
    rows = pl.scan_parquet(path, glob=False)
    return rows.select(columns(rows.collect_schema(), table, str(path)))


def _checked(nodes: pl.DataFrame, vms: pl.DataFrame, manifest: Manifest, where: str) -> Tables:
    """Some nodes of a directory of ours, in the version of today.

    Raises:
        TraceError: a replay would refuse a number, or a row.
    """
    deque(cut(nodes, vms, manifest, ReadOptions(), where).occurrences, maxlen=0)
    return nodes, _whole(vms, manifest)


def _whole(vms: pl.DataFrame, manifest: Manifest) -> pl.DataFrame:
    """Rows of VMs; in version 1 a gap inside the life of a VM is a missing reading."""
    return fill_gaps(vms, manifest.interval) if manifest.version < VERSION else vms


def _of(table: pl.LazyFrame, nodes: Sequence[str]) -> pl.DataFrame:
    return table.filter(pl.col("node").cast(pl.String).is_in(nodes)).collect(engine="streaming")


def _stacked(tables: Sequence[Tables]) -> Tables:
    nodes, vms = zip(*tables, strict=True)
    names = pl.col(pl.Categorical).cast(pl.String)
    return (
        pl.concat((table.with_columns(names) for table in nodes), how="vertical_relaxed"),
        pl.concat((table.with_columns(names) for table in vms), how="vertical_relaxed"),
    )
