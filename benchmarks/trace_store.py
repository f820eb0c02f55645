"""A store that has what a trace has."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from scroogevm.core.samples import ESSENTIAL, LISTED, Recorded, Rows, Sample
from scroogevm.ports import Store


class TraceStore(Store):
    """The samples of a trace directory, by windows of a length.

    Args:
        trace: the directory.
        slice_: seconds in a window that is asked for.
    """

    def __init__(self, trace: Path, slice_: float) -> None:
        self._slice = slice_
        self._nodes = self._by_window(trace / "nodes", ["node"])
        self._vms = self._by_window(trace / "vms", ["node", "vm"])

    def write(self, samples: Sequence[Sample]) -> None:
        """Nothing: it is a recording."""

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """Nodes with a sample in a time."""
        found = self._between(self._nodes, since, until)
        return sorted(found["node"].unique().to_list()) if found is not None else []

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        """Samples of some nodes in a time."""
        return Recorded(
            self._rows(self._between(self._nodes, since, until), ["node"], nodes, quantities),
            self._rows(self._between(self._vms, since, until), ["node", "vm"], nodes, quantities),
        )

    def close(self) -> None:
        """Nothing."""

    def _by_window(self, folder: Path, keys: list[str]) -> dict[int, pl.DataFrame]:
        table = pl.read_parquet(folder / "*.parquet").with_columns(
            pl.col(keys).cast(pl.String),
            at=(pl.col("time") / self._slice).floor().cast(pl.Int64),
        )
        parts = table.sort(*keys, "time").partition_by("at", as_dict=True, include_key=False)
        return {int(at): part for (at,), part in parts.items()}

    def _between(
        self, parts: dict[int, pl.DataFrame], since: float, until: float
    ) -> pl.DataFrame | None:
        numbers = range(int(since // self._slice), int(until // self._slice) + 1)
        found = [parts[at] for at in numbers if at in parts]
        if not found:
            return None
        return pl.concat(found).filter((pl.col("time") >= since) & (pl.col("time") < until))

    def _rows(
        self,
        found: pl.DataFrame | None,
        keys: list[str],
        nodes: Sequence[str],
        quantities: Sequence[str],
    ) -> Rows:
        if found is not None:
            found = found.filter(pl.col("node").is_in(nodes)).sort(*keys, "time")
        if found is None or not found.height:
            return Rows.none(quantities)
        owners = found.select(keys).unique(maintain_order=True)
        place = owners.with_row_index("owner")
        owner = found.join(place, on=keys, how="left", maintain_order="left")["owner"]
        missing = np.full(found.height, np.nan)
        values = {
            name: found[name].cast(pl.Float64).to_numpy() if name in found.columns else missing
            for name in quantities
            if name != LISTED or len(keys) == 1
        }
        values.setdefault(LISTED, missing)
        return Rows(
            owners.rows(),
            owner.cast(pl.Int64).to_numpy(),
            found["time"].cast(pl.Float64).to_numpy(),
            {name: values[name] for name in quantities},
        )
