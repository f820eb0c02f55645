"""Bitbrains (GWA-T-12): VMs of a managed-hosting data centre, 2013."""

from dataclasses import dataclass

import polars as pl

from scroogevm.registry import parameter
from scroogevm.traces.datasets._gwa import Gwa
from scroogevm.traces.datasets._text import number

MILLISECONDS_ABOVE = 1e11
"""Timestamps are labelled ms and are seconds since 1970; a number above this cannot be seconds."""


@dataclass(frozen=True)
class Bitbrains(Gwa):
    """Fields are separated by a semicolon and a tab; folders of months are joined by VM."""

    formula = "directories of N.csv, fields separated by ';' and a tab, one file a VM"
    source = "Grid Workloads Archive, GWA-T-12 Bitbrains: fastStorage and rnd"
    licence = "terms of the data unclear; research use with citation"
    comma = False

    duplicates: str = parameter("refuse", "two readings of one moment: refuse, or mean")

    def is_header(self, line: str) -> bool:
        """Whether the fields of a line are separated by a semicolon and a tab."""
        return line.startswith("Timestamp") and ";\t" in line

    def seconds(self, time: pl.Expr) -> pl.Expr:
        """Seconds, whatever the label says."""
        value = number(time)
        late = value.is_finite() & (value > MILLISECONDS_ABOVE)
        return pl.when(late).then(value / 1000).otherwise(value)
