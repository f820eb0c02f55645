"""A chunk of nodes with all its windows in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from scroogevm.core.window import Occurrence
from scroogevm.ports import Remark, Shape


@dataclass(frozen=True, eq=False)
class RecordedChunk:
    """Some nodes of a trace.

    Attributes:
        shape: how the windows were cut.
        nodes: names of the nodes.
        occurrences: the closed slices in order of time.
        remarks: what was odd about it.
    """

    shape: Shape
    nodes: Sequence[str]
    occurrences: Sequence[Occurrence]
    remarks: Sequence[Remark] = ()

    @property
    def windows(self) -> int:
        """How many closed slices it has."""
        return len(self.occurrences)
