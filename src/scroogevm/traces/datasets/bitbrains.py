"""Bitbrains (GWA-T-12): VMs of a managed-hosting data centre, 2013."""

from dataclasses import dataclass

import polars as pl

from scroogevm.registry import parameter
from scroogevm.traces.dataset import absurd_option
from scroogevm.traces.datasets._gwa import Gwa, is_unix_time
from scroogevm.traces.datasets._text import number

MILLISECONDS_ABOVE = 1e11
"""Timestamps are labelled ms and are seconds since 1970; a number above this cannot be seconds."""


@dataclass(frozen=True)
class Bitbrains(Gwa):
    """Times are Unix times; a tab may follow a semicolon; folders of months are joined by VM."""

    formula = "directories of N.csv with Unix times, fields separated by ';', one file a VM"
    source = "Grid Workloads Archive, GWA-T-12 Bitbrains: fastStorage and rnd"
    licence = "terms of the data unclear; research use with citation"
    comma = False

    duplicates: str = parameter("refuse", "two readings at the same time: refuse, or mean")
    absurd: str = absurd_option()

    def is_ours(self, header: str, row: str) -> bool:
        """Whether fields are separated by a semicolon and a tab, or the first time is a number."""
        return ";\t" in header or is_unix_time(row)

    def seconds(self, time: pl.Expr) -> pl.Expr:
        """Seconds, whatever the label says."""
        value = number(time)
        late = value.is_finite() & (value > MILLISECONDS_ABOVE)
        return pl.when(late).then(value / 1000).otherwise(value)
