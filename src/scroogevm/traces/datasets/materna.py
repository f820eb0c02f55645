"""Materna (GWA-T-13): VMs of a managed-services data centre, 2015 and 2016."""

from dataclasses import dataclass

import polars as pl

from scroogevm.registry import parameter
from scroogevm.traces.dataset import NO_NUMBER, absurd_option
from scroogevm.traces.datasets._gwa import Gwa, is_unix_time


@dataclass(frozen=True)
class Materna(Gwa):
    """Fields are quoted, decimals have a comma, timestamps are day.month.year and local."""

    formula = "directories of N.csv, quoted fields separated by ';', one file a VM"
    source = "Grid Workloads Archive, GWA-T-13 Materna: traces 1 to 3"
    licence = "terms of the data unclear; research use with acknowledgement"
    comma = True

    duplicates: str = parameter("refuse", "two readings at the same time: refuse, or mean")
    absurd: str = absurd_option()

    def is_ours(self, header: str, row: str) -> bool:
        """Whether fields are separated by semicolons alone, and the first time is no Unix time."""
        return ";" in header and ";\t" not in header and not is_unix_time(row)

    def seconds(self, time: pl.Expr) -> pl.Expr:
        """Seconds since 1970, taking local time as it stands."""
        parsed = time.str.to_datetime("%d.%m.%Y %H:%M:%S", strict=False)
        return parsed.dt.epoch("s").cast(pl.Float64).fill_null(NO_NUMBER)
