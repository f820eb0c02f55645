"""Azure VM trace of 2017."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scroogevm.traces.dataset import absurd_option
from scroogevm.traces.datasets._azure import Azure, looks_right
from scroogevm.traces.datasets._text import number


@dataclass(frozen=True)
class AzureV1(Azure):
    """Sizes are exact: cores, and memory in GiB."""

    formula = "directory with vmtable.csv and vm_cpu_readings-file-N-of-125.csv (or .gz)"
    source = "AzurePublicDatasetV1: AzurePublicDatasetV1.md, schema"
    licence = "CC BY 4.0, Microsoft"

    absurd: str = absurd_option()

    def recognises(self, path: Path) -> bool:
        """Whether both kinds of files are there, and no size is a bucket."""
        return looks_right(path, bucketed=False)

    def size(self, column: str) -> pl.Expr:
        """The number as it stands."""
        return number(pl.col(column))
