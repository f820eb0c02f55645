"""Azure VM trace of 2019."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scroogevm.registry import parameter
from scroogevm.traces.dataset import absurd_option
from scroogevm.traces.datasets._azure import Azure, looks_right
from scroogevm.traces.datasets._text import number


@dataclass(frozen=True)
class AzureV2(Azure):
    """Sizes are buckets named by their upper bound; the largest have none (">24", ">64")."""

    formula = "directory with vmtable.csv and vm_cpu_readings-file-N-of-195.csv (or .gz)"
    source = "AzurePublicDatasetV2: AzurePublicDatasetV2.md, schema and bucket definitions"
    licence = "CC BY 4.0, Microsoft"

    above_cores: float = parameter(30.0, "cores of a VM in the open bucket >24", low=24)
    above_gib: float = parameter(70.0, "GiB of a VM in the open bucket >64", low=64)
    absurd: str = absurd_option()

    def recognises(self, path: Path) -> bool:
        """Whether both kinds of files are there, and sizes are buckets."""
        return looks_right(path, bucketed=True)

    def size(self, column: str) -> pl.Expr:
        """The upper bound of the bucket; of the open one what the parameters say."""
        bucket = pl.col(column).str.strip_chars()
        largest = self.above_cores if column == "cores" else self.above_gib
        return pl.when(bucket.str.starts_with(">")).then(largest).otherwise(number(bucket))
