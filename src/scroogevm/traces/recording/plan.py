"""What a recording reads: fixed at the start, kept after an interruption."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scroogevm.ports import Shape, Store
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.recording.regular import Times
from scroogevm.traces.recording.request import StoreQuery
from scroogevm.traces.recording.sampling import Sampling

_SAME_DAY = 86400.0
"""A plan is gone on with for a day: after that `30d` means another month."""


@dataclass(frozen=True)
class RecordingPlan:
    """Which nodes, which time, at what pace.

    Attributes:
        words: what was asked, as its user said it.
        nodes: names, in the order in which they are read.
        begin: of the first window, seconds since 1970.
        end: of the last window.
        pace: how samples become samples.
    """

    words: Sequence[str]
    nodes: Sequence[str]
    begin: float
    end: float
    pace: Sampling

    @classmethod
    def of(cls, store: Store, asked: StoreQuery) -> "RecordingPlan":
        """Look at the store and plan.

        Raises:
            StoreError: it cannot be read, or has no such samples.
            MisuseError: no node is called so.
        """
        nodes = asked.choose(store)
        pace = Sampling.of(store, nodes, asked)
        return cls(list(asked.words), list(nodes), asked.begin, asked.end, pace)

    @classmethod
    def kept(cls, content: dict[str, Any] | None, asked: StoreQuery) -> "RecordingPlan | None":
        """The plan of an earlier try, if the same was asked and not long ago."""
        try:
            plan = cls(**{**content, "pace": Sampling(**content["pace"])}) if content else None
        except (TypeError, KeyError):
            return None
        if plan is None or list(plan.words) != list(asked.words):
            return None
        return plan if abs(plan.end - asked.end) < _SAME_DAY else None

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @property
    def parts(self) -> Sequence[Sequence[str]]:
        """Nodes that are read together."""
        size = self.pace.nodes
        return [self.nodes[at : at + size] for at in range(0, len(self.nodes), size)]

    @property
    def pieces(self) -> Sequence[Times]:
        """The time, as it is read at once."""
        pace = self.pace
        count = -(-(self.end - self.begin) // pace.piece)
        begins = [self.begin + number * pace.piece for number in range(int(count))]
        return [
            Times(begin, min(begin + pace.piece, self.end), pace.interval, pace.own)
            for begin in begins
        ]

    def manifest(self, origin: str, shape: Shape) -> Manifest:
        """What the trace says of itself."""
        return Manifest(
            scope=shape.scope,
            slice=shape.slice,
            interval=self.pace.interval,
            history=shape.history,
            origin=self.begin,
            end=self.end,
            source={"store": origin, "interval": self.pace.own},
        )
