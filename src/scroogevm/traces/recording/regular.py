"""Puts samples on the regular times of a trace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from scroogevm.core.samples import LISTED, NODE, SIGNALS, Rows
from scroogevm.ports import RESOURCES
from scroogevm.traces.checks import ABSURD_NODE, ABSURD_VM

KEYS: Mapping[str, Sequence[str]] = {"nodes": ("node",), "vms": ("node", "vm")}
_SUMMED = [name for name in SIGNALS if name not in NODE]
"""Signals of a node that are told of its VMs."""
_MOST = {"nodes": ABSURD_NODE, "vms": ABSURD_VM}


@dataclass(frozen=True)
class Times:
    """The regular times.

    Attributes:
        begin: of the first interval, seconds since 1970.
        end: of the last one.
        interval: seconds.
        own: seconds between samples as they came.
    """

    begin: float
    end: float
    interval: float
    own: float


class Regular(NamedTuple):
    """What became of samples.

    Attributes:
        frame: a row for each owner and interval that has a sample.
        absurd: how many numbers were left out as absurd.
    """

    frame: pl.DataFrame
    absurd: int


def regular(rows: Rows, table: str, times: Times) -> Regular:
    """The mean of the samples in each interval; the largest size, for a balloon may move in it.

    An interval lists VMs if one of its samples does.

    A sample speaks of the time since the one before it, so it counts where the middle of that time
    lies. That keeps it in its interval however late within a half of its own pace it came.

    Args:
        rows: samples as they came.
        table: ``nodes`` or ``vms``.
        times: the regular times.

    Returns:
        The columns of ``tables.NODES`` or ``tables.VMS``, and signals as far as the table has them.
    """
    signals = [name for name in SIGNALS if name in rows.values]
    sizes = [name for name in (*RESOURCES, LISTED) if name in rows.values]
    usages = [f"{resource}_usage" for resource in RESOURCES]
    frame, absurd = _believable(_frame(rows, [*sizes, *usages, *signals]), _MOST[table])
    place = ((pl.col("time") - times.own / 2 - times.begin) / times.interval).floor()
    most = round((times.end - times.begin) / times.interval)
    placed = frame.with_columns(place.cast(pl.Int64).alias("place"))
    placed = placed.filter(pl.col("place").is_between(0, most - 1))
    if not _one_each(placed):
        placed = placed.group_by("owner", "place", maintain_order=True).agg(
            *(pl.col(name).max() for name in sizes),
            *(pl.col(name).mean() for name in (*usages, *signals)),
        )
    grouped = placed.with_columns(time=times.begin + pl.col("place") * times.interval)
    grouped = grouped.select("owner", "place", *sizes, *usages, *signals, "time")
    owners = {
        key: pl.Series(key, [owner[at] for owner in rows.owners], dtype=pl.String)
        for at, key in enumerate(KEYS[table])
    }
    named = {key: names.gather(grouped["owner"]) for key, names in owners.items()}
    return Regular(grouped.drop("owner", "place").with_columns(**named), absurd)


def _one_each(placed: pl.DataFrame) -> bool:
    """Whether each owner has one sample at most in each interval, as it mostly is."""
    same = (pl.col("owner") == pl.col("owner").shift()) & (
        pl.col("place") == pl.col("place").shift()
    )
    return not placed.select(same.any()).item()


def combined(nodes: pl.DataFrame, vms: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables, with the signals of VMs summed on their node; null where no VM tells one."""
    told = [pl.col(name).sum() for name in _SUMMED]
    any_ = [pl.col(name).count().alias(f"{name}?") for name in _SUMMED]
    sums = vms.group_by("node", "time").agg(*told, *any_)
    sums = sums.select(
        "node",
        "time",
        *(pl.when(pl.col(f"{name}?") > 0).then(pl.col(name)).alias(name) for name in _SUMMED),
    )
    joined = nodes.join(sums, on=["node", "time"], how="left", maintain_order="left")
    return joined, vms.drop(_SUMMED)


def _frame(rows: Rows, columns: Sequence[str]) -> pl.DataFrame:
    values = {name: rows.values[name] for name in columns}
    frame = pl.DataFrame({"owner": rows.owner, "time": rows.time, **values})
    return frame.with_columns(pl.col(columns).fill_nan(None))


def _believable(frame: pl.DataFrame, most: float) -> tuple[pl.DataFrame, int]:
    """Numbers that no reader of a trace would believe become missing."""
    wrong: dict[str, pl.Expr] = {}
    for resource in RESOURCES:
        size, usage = pl.col(resource), pl.col(f"{resource}_usage")
        wrong[resource] = (size < 0) | size.is_infinite()
        wrong[f"{resource}_usage"] = (usage < 0) | usage.is_infinite() | (usage > most * size)
    wrong = {name: test.fill_null(value=False) for name, test in wrong.items()}
    count = frame.select(pl.sum_horizontal(*(test.sum() for test in wrong.values()))).item()
    if not count:
        return frame, 0
    return frame.with_columns(
        pl.when(~test).then(pl.col(name)).alias(name) for name, test in wrong.items()
    ), int(count)
