"""Numbers the VMs of a chunk, and carries their sizes from block to block."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.ports import RESOURCES
from scroogevm.traces.table import Owners
from scroogevm.windows.presence import Presence

_KEYS = ("place", "vm")
_SCHEMA = {"place": pl.Int64, "vm": pl.String, "id": pl.Int64}


class Roster:
    """Numbers VMs as they are first seen; the same name on the same node is the same number.

    Attributes:
        names: the name of each number, growing.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._ids = pl.DataFrame(schema=_SCHEMA)
        self._known = {resource: np.empty(0) for resource in RESOURCES}
        self._here = np.empty(0, np.bool_)
        self._new = np.empty(0, np.bool_)
        self.local = np.empty(0, np.int64)
        self.node = np.empty(0, np.int64)

    def begin(self, owners: pl.DataFrame, listing: Bools) -> Owners:
        """The VMs that a block may have: those with rows in it, and those that are there before.

        They stand in order of node and name. ``local`` has the number of each, ``node`` the place
        of its node.

        Args:
            owners: those with rows: ``place`` of the node, and ``vm``, in the order of the rows.
            listing: (windows, nodes), where samples list VMs.
        """
        told = owners.join(self._ids, on=_KEYS, how="left", maintain_order="left")
        fresh = told["id"].is_null()
        self._add(told.filter(fresh).select(_KEYS).sort(_KEYS))
        here = self._ids.filter(pl.Series(self._here[self._ids["id"].to_numpy()], dtype=pl.Boolean))
        everyone = (
            pl.concat([here.select(_KEYS), owners.select(_KEYS)])
            .unique()
            .sort(_KEYS)
            .join(self._ids, on=_KEYS, how="left", maintain_order="left")
        )
        self.local = everyone["id"].to_numpy().astype(np.int64)
        self.node = everyone["place"].to_numpy().astype(np.int64)
        rows = everyone.select(_KEYS).with_row_index("row")
        position = owners.join(rows, on=_KEYS, how="left", maintain_order="left")["row"]
        self._new = fresh.to_numpy()
        return Owners(
            position.to_numpy().astype(np.int64),
            {resource: known[self.local] for resource, known in self._known.items()},
            Presence(self._here[self.local]),
            listing[:, self.node],
        )

    @property
    def new(self) -> Bools:
        """(owners,), which of those with rows were never seen before."""
        return self._new

    def end(self, owners: Owners) -> None:
        """Keep what is known after a block."""
        for resource, known in owners.known.items():
            self._known[resource][self.local] = known
        self._here[self.local] = owners.presence.here

    def move(self, rows: Ints) -> None:
        """The same for other nodes.

        Args:
            rows: (nodes,), the place that each node had; -1 for one that is new. VMs of nodes that
                are gone are forgotten.
        """
        places = pl.DataFrame({"place": rows, "_now": np.arange(rows.size)})
        moved = self._ids.join(places, on="place", how="left", maintain_order="left")
        gone = moved["_now"].is_null()
        self._here[moved.filter(gone)["id"].to_numpy()] = False
        kept = moved.filter(~gone).select(pl.col("_now").alias("place"), "vm", "id")
        self._ids = kept.with_columns(pl.col("place").cast(pl.Int64))

    def compact(self) -> Ints:
        """Forget the VMs that are not there, and number the others anew.

        Returns:
            (numbers before,), the number that each VM has now; -1 for one that is forgotten.
        """
        kept = self._ids.filter(pl.Series(self._here[self._ids["id"].to_numpy()], dtype=pl.Boolean))
        old = kept["id"].to_numpy()
        now: Ints = np.full(len(self.names), -1)
        now[old] = np.arange(old.size)
        self.names = [self.names[number] for number in old.tolist()]
        self._ids = kept.with_columns(pl.Series("id", np.arange(old.size)).cast(pl.Int64))
        self._known = {resource: known[old] for resource, known in self._known.items()}
        self._here = self._here[old]
        return now

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Everything as arrays by name."""
        names = json.dumps([self.names, self._ids["vm"].to_list()]).encode()
        return {
            "names": np.frombuffer(names, np.uint8),
            "place": self._ids["place"].to_numpy(),
            "id": self._ids["id"].to_numpy(),
            "here": self._here,
            **{f"known/{resource}": known for resource, known in self._known.items()},
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]]) -> "Roster":
        """Take up what ``arrays`` gave."""
        roster = cls()
        roster.names, vms = json.loads(arrays["names"].tobytes())
        columns = {"place": arrays["place"], "vm": vms, "id": arrays["id"]}
        roster._ids = pl.DataFrame(columns, schema=_SCHEMA)
        roster._here = arrays["here"].copy()
        roster._known = {resource: arrays[f"known/{resource}"].copy() for resource in RESOURCES}
        return roster

    def _add(self, fresh: pl.DataFrame) -> None:
        number = fresh.height
        if not number:
            return
        ids = pl.Series("id", np.arange(len(self.names), len(self.names) + number))
        self._ids = pl.concat([self._ids, fresh.with_columns(ids.cast(pl.Int64))])
        self.names += fresh["vm"].to_list()
        nothing: Floats = np.full(number, np.nan)
        self._known = {r: np.append(known, nothing) for r, known in self._known.items()}
        self._here = np.append(self._here, np.zeros(number, np.bool_))


def places(frame: pl.DataFrame, nodes: Sequence[str]) -> Ints:
    """The position of the node of each row among the nodes, -1 if it is not one of them."""
    table = pl.DataFrame({"node": pl.Series(nodes, dtype=pl.String)}).with_row_index("place")
    joined = frame.select("node").join(table, on="node", how="left", maintain_order="left")
    return joined["place"].cast(pl.Int64).fill_null(-1).to_numpy()
