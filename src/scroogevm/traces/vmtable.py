"""A checked data set of VMs: its rows, and the lifetime of each VM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl

from scroogevm.errors import OutputError, TraceError
from scroogevm.files import is_full
from scroogevm.text import counted
from scroogevm.traces.checks import ABSURD_VM
from scroogevm.traces.dataset import FILE, VM_TABLE, Dataset, find_dataset, unreadable

_SAMPLED_VMS = 20
_LARGEST = 1e300

ABSURD_SHARE = 0.01
"""More absurd readings than this share are no slips of a sampler: units are mistaken."""


@dataclass(frozen=True, eq=False)
class VmTable:
    """Rows of VMs whose numbers may be believed, but for rows that stand twice.

    Attributes:
        frame: the columns of ``VM_TABLE``, unsorted.
        lives: a row a VM: vm, first and last (s), rows, cpu and mem (largest), cpu_peak, mem_peak,
            cpu_mean (usage), readings.
        interval: seconds between readings.
        source: where it comes from, for a manifest.
        oddities: what a user may want to look at.
    """

    frame: pl.LazyFrame
    lives: pl.DataFrame
    interval: float
    source: Mapping[str, Any]
    oddities: Sequence[str] = ()

    @property
    def origin(self) -> float:
        """Time of the first row."""
        return float(self.lives["first"].min())  # type: ignore[arg-type]  # there are rows

    @property
    def end(self) -> float:
        """Time at which the last row's interval is over."""
        return float(self.lives["last"].max()) + self.interval  # type: ignore[arg-type]  # likewise


def open_vms(path: Path, spec: str | None, scratch: Path) -> VmTable:
    """Open a data set of VMs and check every number in it.

    What is no Parquet is first written as Parquet to a scratch directory, so that it is parsed once
    and never held in memory whole.

    Args:
        path: file or directory, as its publisher lays it out.
        spec: which data set, with parameters; None to look.
        scratch: a directory for temporary files; it must outlive the table.

    Raises:
        TraceError: the trace cannot be read, or has invalid numbers.
    """
    name, dataset = find_dataset(path, spec)
    try:
        frame = dataset.scan(path)
        if not path.name.endswith(".parquet"):
            staged = scratch / "readings.parquet"
            frame.with_columns(pl.col(FILE).cast(pl.Categorical)).sink_parquet(staged)
            frame = pl.scan_parquet(staged)
        lives = _lives(frame)
    except (OSError, pl.exceptions.PolarsError) as error:
        if is_full(error):
            raise OutputError(
                "no space left for temporary files", where=str(scratch), remedy="free some space"
            ) from None
        raise unreadable(dataset.blame(path), error) from None
    if not lives.height:
        raise TraceError("has no rows", where=str(path))
    _refuse_faults(frame, lives)
    frame, lives, dropped = _absurd(frame, lives, dataset)
    interval = _interval(frame, lives, dataset, path)
    _refuse_off_grid(frame, lives, interval)
    oddities = [*_strays(dataset.strays(path)), *dropped, *_oddities(lives, spec, name)]
    source = {"data_set": name, "file": path.name, "licence": dataset.licence}
    whole = frame.with_columns(pl.col("time").cast(pl.Int64)).select(VM_TABLE.keys())
    return VmTable(whole, lives.drop("faulty"), interval, source, oddities)


def refuse_twice(rows: pl.LazyFrame, where: str) -> None:
    """Refuse rows that stand twice.

    Args:
        rows: sorted by vm, then time.
        where: what to call the table in messages.

    Raises:
        TraceError: a VM has two rows of one time.
    """
    same = (pl.col("vm") == pl.col("vm").shift()) & (pl.col("time") == pl.col("time").shift())
    twice = rows.select("vm", "time").filter(same).head(1).collect(engine="streaming")
    if twice.height:
        raise TraceError(
            "has two rows",
            where=f"{where}: VM {twice['vm'][0]} at time {twice['time'][0]}",
            remedy="one row for each VM and time",
        )


def _faults() -> Mapping[str, pl.Expr]:
    """What is wrong with a row, by column."""
    wrong = {
        name: ~pl.col(name).is_between(0, _LARGEST) & pl.col(name).is_not_null()
        for name in VM_TABLE
        if name != "vm"
    }
    wrong["time"] |= pl.col("time").is_null() | (pl.col("time") != pl.col("time").round())
    wrong["cpu"] |= pl.col("cpu").is_null()
    return {"vm": pl.col("vm").is_null() | (pl.col("vm") == ""), **wrong}


_REMEDIES = {
    "vm": "a name for each row",
    "time": "seconds from the start",
    "cpu": "the cores of the VM; for a table without sizes --format vms:cores=N",
}


def _lives(frame: pl.LazyFrame) -> pl.DataFrame:
    return (
        frame.group_by("vm")
        .agg(
            first=pl.col("time").min(),
            last=pl.col("time").max(),
            rows=pl.len().cast(pl.Int64),
            readings=pl.col("cpu_usage").count().cast(pl.Int64),
            cpu=pl.col("cpu").max(),
            mem=pl.col("mem").max(),
            cpu_peak=pl.col("cpu_usage").max(),
            mem_peak=pl.col("mem_usage").max(),
            cpu_mean=pl.col("cpu_usage").cast(pl.Float64).mean(),
            faulty=pl.any_horizontal(_faults().values()).any(),
        )
        .sort("vm")
        .collect(engine="streaming")
    )


def _refuse_faults(frame: pl.LazyFrame, lives: pl.DataFrame) -> None:
    if lives["faulty"].any():
        for column, wrong in _faults().items():
            if (row := _first(frame, wrong)) is not None:
                raise TraceError(
                    _problem(column, row[column]),
                    where=_place(row, column),
                    remedy=_REMEDIES.get(column, ""),
                )


def _absurd(
    frame: pl.LazyFrame, lives: pl.DataFrame, dataset: Dataset
) -> tuple[pl.LazyFrame, pl.DataFrame, Sequence[str]]:
    """Rows and lives without usage far above an allocation, and what a user is told of it.

    Raises:
        TraceError: there is such usage, and it shall be refused, or it is more than a slip.
    """
    remarks: list[str] = []
    limits = (
        ("cpu_usage", "cpu", "cores", dataset.burst_limit),
        ("mem_usage", "mem", "MiB", ABSURD_VM),
    )
    for usage, size, unit, factor in limits:
        beyond = lives.filter(pl.col(f"{size}_peak") > factor * pl.col(size))
        if not beyond.height:
            continue
        limit = beyond.lazy().select("vm", limit=factor * pl.col(size).cast(pl.Float64))
        limited = frame.join(limit, on="vm", how="left")
        is_absurd = (pl.col(usage) > pl.col("limit")).fill_null(value=False)
        vm = beyond.row(0, named=True)
        row = _first(limited, is_absurd & (pl.col("vm") == vm["vm"])) or vm
        said = f"{row[usage]:g} of {vm[size]:g} {unit}"
        remedy = f"usage and allocation in {unit}; is it a percentage?"
        where = _place(row, usage)
        if dataset.absurd == "refuse":
            remedy += " The option absurd=drop reads it as missing"
            raise TraceError(f"{said} is absurd", where=where, remedy=remedy)
        number, readings = (
            limited.select(is_absurd.sum(), pl.col(usage).count().alias("readings"))
            .collect(engine="streaming")
            .row(0)
        )
        if number > ABSURD_SHARE * readings:
            problem = f"{number} of {readings} readings are impossible, the first {said}"
            raise TraceError(problem, where=where, remedy=remedy)
        remarks.append(f"{counted(number, 'absurd reading')}, read as missing: {where}: {said}")
        frame = limited.with_columns(pl.when(~is_absurd).then(usage).alias(usage)).drop("limit")
    return frame, _lives(frame) if remarks else lives, remarks


def _strays(files: Sequence[Path]) -> Sequence[str]:
    if not files:
        return ()
    return [f"{counted(len(files), 'file')} of another layout, not read (first: {files[0]})"]


def _problem(column: str, value: object) -> str:
    if value is None or value == "":
        return "is missing"
    wanted = "is not a whole number >= 0" if column == "time" else "is not a number >= 0"
    unread = isinstance(value, float) and not isfinite(value)
    return wanted if unread else f"{value} {wanted}"


def _interval(frame: pl.LazyFrame, lives: pl.DataFrame, dataset: Dataset, path: Path) -> float:
    """Seconds between readings: what most of the VMs with most rows have between theirs."""
    if dataset.step is not None:
        return dataset.step
    most = lives.sort("rows", "vm", descending=[True, False]).head(_SAMPLED_VMS)["vm"]
    steps = (
        frame.filter(pl.col("vm").is_in(most.to_list()))
        .select("vm", "time")
        .sort("vm", "time")
        .select(pl.col("time").diff().over("vm").alias("step"))
        .filter(pl.col("step") > 0)
        .group_by("step")
        .len()
        .sort("len", "step", descending=[True, False])
        .collect(engine="streaming")
    )
    if not steps.height:
        raise TraceError(
            "no VM has two readings, so their interval is unknown",
            where=str(path),
            remedy="give it with the option interval=S",
        )
    return float(steps["step"][0])


def _refuse_off_grid(frame: pl.LazyFrame, lives: pl.DataFrame, interval: float) -> None:
    origin = float(lives["first"].min())  # type: ignore[arg-type]  # there are rows
    row = _first(frame, (pl.col("time") - origin) % interval != 0)
    if row is not None:
        raise TraceError(
            f"{row['time']:g} is not a multiple of {interval:g} s after {origin:g}",
            where=_place(row, "time"),
            remedy="bring readings to one interval, or give it with the option interval=S",
        )


def _oddities(lives: pl.DataFrame, spec: str | None, name: str) -> Sequence[str]:
    told = name != "vms" or "unit" in (spec or "")
    largest, peak = lives["cpu"].max() or 0, lives["cpu_peak"].max() or 0
    if told or not peak <= 1 < largest:  # type: ignore[operator]  # numbers
        return ()
    return ["no cpu_usage is above 1: if the unit is not cores, add --format vms:unit=fraction"]


def _first(frame: pl.LazyFrame, wrong: pl.Expr) -> dict[str, Any] | None:
    found = frame.filter(wrong).head(1).collect(engine="streaming")
    return found.row(0, named=True) if found.height else None


def _place(row: Mapping[str, Any], column: str) -> str:
    where = [f"{row[FILE]}"] if FILE in row else []
    where += [f"VM {row['vm']}"] if column != "vm" else []
    where += [f"time {row['time']:g}"] if column != "time" and row.get("time") is not None else []
    return ": ".join([*where, column])
