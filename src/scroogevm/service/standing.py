"""The state of a group's nodes between windows, besides the memos of strategies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.arrays import Floats
from scroogevm.core.snapshot import Snapshot, outline_of, with_outline
from scroogevm.core.window import take
from scroogevm.scoring import matched

COLD: Mapping[str, float] = {
    "free": np.nan,
    "allocated": np.nan,
    "coverage": np.nan,
    "windows": 0.0,
    "state": -1.0,
    "since": np.nan,
}
"""The state of a node and resource, with the values of a new node: free and allocated as they were
published, share of the samples, windows with samples, position of the state in ``NODE_STATES`` and
its begin. ``told/NAME`` is 1 if a node has sent a signal."""


@dataclass(eq=False)
class Standing:
    """Arrays over nodes, by resource and name.

    Attributes:
        nodes: their names.
        arrays: by ``resource/name``, (nodes,).
    """

    nodes: Sequence[str] = ()
    arrays: dict[str, Floats] = field(default_factory=dict)

    def get(self, resource: str, name: str) -> Floats:
        """The array of a resource and name, (nodes,)."""
        found = self.arrays.get(f"{resource}/{name}")
        return np.full(len(self.nodes), COLD.get(name, 0.0)) if found is None else found

    def put(self, resource: str, name: str, values: NDArray[Any]) -> None:
        """Set the array of a resource and name."""
        self.arrays[f"{resource}/{name}"] = np.asarray(values, np.float64)

    def realign(self, nodes: Sequence[str]) -> None:
        """Continue with these nodes."""
        rows = matched(self.nodes, nodes)
        for key, array in self.arrays.items():
            self.arrays[key] = take(array, rows, COLD.get(key.partition("/")[2], 0.0))
        self.nodes = tuple(nodes)

    def snapshot(self) -> Snapshot:
        """The same as arrays by name."""
        return with_outline({"nodes": list(self.nodes)}, self.arrays)

    @classmethod
    def restored(cls, arrays: Snapshot) -> "Standing":
        """Restore from the result of ``snapshot``."""
        known = {name: array for name, array in arrays.items() if "/" in name}
        return cls(tuple(outline_of(arrays)["nodes"]), known)
