"""The request of a recording: nodes, time and interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from math import inf
from typing import Any

from scroogevm.errors import MisuseError, StoreError
from scroogevm.ports import Shape, Store

Shown = Mapping[str, Any]


@dataclass(frozen=True)
class StoreQuery:
    """Which samples of a store shall become a trace, and how it is cut.

    Attributes:
        origin: where the samples come from, in words, such as ``prometheus:http://host:9090``.
        since: seconds since 1970.
        until: likewise.
        nodes: names, or patterns such as ``rack1-*``; all nodes when empty.
        interval: seconds between samples of the trace; None for what the store has.
        shape: scope, slice and history of the trace.
        words: what of this a user said, to know the same question again another day.
    """

    origin: str
    since: float
    until: float
    nodes: Sequence[str] = ()
    interval: float | None = None
    shape: Shape = Shape(1800.0, 1800.0)
    words: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Reject invalid values.

        Raises:
            MisuseError: no whole window lies in the time, or its parts do not fit each other.
        """
        scope, slice_ = self.shape.scope, self.shape.slice
        if not 0 < scope < inf:
            raise MisuseError(f"{scope:g} s is not a scope", where="--scope", remedy="more than 0")
        if not 0 < slice_ <= scope or abs(scope / slice_ - round(scope / slice_)) > 1e-9:
            raise MisuseError(
                f"a scope of {scope:g} s is not a whole number of slices of {slice_:g} s",
                where="--slice",
            )
        if self.until <= self.since:
            raise MisuseError("is not after --since", where="--until")
        if self.interval is not None and not 0 < self.interval <= slice_:
            raise MisuseError(
                f"{self.interval:g} s is not an interval between samples",
                where="--interval",
                remedy=f"more than 0 and at most a slice, {slice_:g} s",
            )
        if self.windows < 1:
            raise MisuseError(
                f"no whole slice of {slice_:g} s, in scopes of {scope:g} s, lies in the "
                f"{self.until - self.since:g} s asked for",
                remedy="an earlier --since, or a shorter --slice or --scope",
            )

    @property
    def begin(self) -> float:
        """Begin of the first window: scopes begin at multiples of their length since 1970."""
        return -(-self.since // self.shape.scope) * self.shape.scope

    @property
    def windows(self) -> int:
        """Whole slices from ``begin`` on."""
        return max(0, int((self.until - self.begin) / self.shape.slice + 1e-9))

    @property
    def end(self) -> float:
        """End of the last window."""
        return self.begin + self.windows * self.shape.slice

    def choose(self, store: Store) -> Sequence[str]:
        """The nodes of the store that are asked for.

        Raises:
            StoreError: no node has a sample in this time, or no window is complete yet.
            MisuseError: a pattern fits no node.
        """
        there = store.nodes(self.begin, self.end)
        if not there:
            self._refuse_begun(store)
            raise StoreError(
                "has no samples of any node in this time",
                where=self.origin,
                remedy="another --since or --until; `scroogevm store info` shows what it has",
            )
        for pattern in self.nodes:
            if not any(fnmatchcase(node, pattern) for node in there):
                raise MisuseError(
                    f"no node is called {pattern!r}",
                    where=self.origin,
                    remedy=f"there are {len(there)}, such as {', '.join(there[:3])}",
                )
        wanted = self.nodes or ["*"]
        return [node for node in there if any(fnmatchcase(node, w) for w in wanted)]

    def _refuse_begun(self, store: Store) -> None:
        """Say so where the only samples are those of a window that is not over.

        Raises:
            StoreError: they are.
        """
        if store.nodes(self.end, self.until):
            length = self.shape.slice
            over = datetime.fromtimestamp(self.end + length, UTC)
            raise StoreError(
                f"has no samples of a complete window yet: the first window, of {length:g} s, "
                f"ends at {over:%Y-%m-%d %H:%M:%S} UTC",
                where=self.origin,
                remedy="try again then, or use shorter windows: --scope 60",
            )
