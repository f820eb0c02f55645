"""Plans the size of requests by the limits of server and memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from scroogevm.errors import StoreError
from scroogevm.stores._scraped.series import RawSeries
from scroogevm.stores._server.base import about
from scroogevm.stores._server.http import LargeError

SAMPLES = 500_000
"""Raw samples in one answer, as near as one can tell before: some 13 MB of JSON, 100 MB of memory.

To ask for more at once saves no time that can be measured, and servers give a hundred times as many
by default. It is what a node with 32 cores and 50 VMs says in four hours, every 15 s.
"""

_FIRST = 3_600_000
_NODES = 32
_LONGEST = 24 * 3_600_000
_SHORTEST = 60_000
_GROWTH = 4


@dataclass(frozen=True)
class QueryWindow:
    """Some nodes in some time.

    Attributes:
        nodes: names, at least one.
        first: first millisecond.
        end: one past the last millisecond.
    """

    nodes: Sequence[str]
    first: int
    end: int

    @property
    def about(self) -> str:
        """The piece as messages name it."""
        more = f" and {len(self.nodes) - 1} more" if len(self.nodes) > 1 else ""
        return about(f"node {self.nodes[0]}{more}", self.first, self.end)

    @property
    def size(self) -> int:
        """Its expected size."""
        return len(self.nodes) * (self.end - self.first)

    def halves(self) -> "Sequence[QueryWindow]":
        """Half of the nodes each, or else half of the time; none when that is too little."""
        some = len(self.nodes) // 2
        if some:
            return replace(self, nodes=self.nodes[:some]), replace(self, nodes=self.nodes[some:])
        middle = (self.first + self.end) // 2
        if middle - self.first < _SHORTEST:
            return ()
        return replace(self, end=middle), replace(self, first=middle)


@dataclass
class QuerySize:
    """The size of requests: small at first, then learned from the size of answers.

    Attributes:
        size: milliseconds, summed over the nodes of a request.
        limit: such a size that proved too large.
    """

    size: float = _FIRST
    limit: float = float("inf")

    def nodes(self, span: int) -> int:
        """The number of nodes in a request for a period."""
        return int(min(max(self.size // span, 1), _NODES))

    def span(self, nodes: int) -> int:
        """Milliseconds of a request for a number of nodes."""
        return int(min(max(self.size / nodes, _SHORTEST), _LONGEST))

    def learn(self, piece: QueryWindow, samples: int) -> None:
        """Learn the size of the next piece from the content of one."""
        if samples:
            fitting = piece.size * SAMPLES / samples
            self.size = min(fitting, _GROWTH * max(self.size, piece.size), self.limit / 2)

    def shrink(self, piece: QueryWindow) -> None:
        """A piece was too large."""
        self.limit, self.size = piece.size, piece.size / 2


@dataclass
class QueryPlan:
    """Goes through nodes and time.

    What proved too large is halved, and nothing as large is tried again; a time in which there is
    nothing is crossed in ever longer steps.

    Attributes:
        fetch: what a piece holds.
        there: whether a piece may hold something, which is cheap to know.
        pace: how much to ask for at once.
    """

    fetch: Callable[[QueryWindow], Sequence[RawSeries]]
    there: Callable[[QueryWindow], bool]
    pace: QuerySize = field(default_factory=QuerySize)

    def run(
        self, nodes: Sequence[str], first: int, end: int
    ) -> Iterator[tuple[QueryWindow, Sequence[RawSeries]]]:
        """All pieces with content; those of a node are in order of time.

        Raises:
            LargeError: even the smallest piece is too large.
        """
        number = 0
        while number < len(nodes):
            group = nodes[number : number + self.pace.nodes(end - first)]
            number += len(group)
            yield from self._through(group, first, end)

    def _through(
        self, group: Sequence[str], start: int, end: int
    ) -> Iterator[tuple[QueryWindow, Sequence[RawSeries]]]:
        stride, most, lost = 0, end - start, False
        while start < end:
            span = self.pace.span(len(group))
            step = max(span, min(stride, most))
            piece = QueryWindow(group, start, min(start + step, end))
            if lost and not self.there(piece):
                start, stride = piece.end, 2 * step
            elif step > span:
                most = step // 2  # some index ignores the time range if it is longer
            else:
                lost, most = True, end - start
                for part, series in self._parts(piece):
                    lost = lost and not series
                    yield part, series
                start = piece.end

    def _parts(self, whole: QueryWindow) -> Iterator[tuple[QueryWindow, Sequence[RawSeries]]]:
        todo = [whole]
        while todo:
            piece = todo.pop()
            halves = piece.halves()
            if piece.size >= self.pace.limit and halves:
                todo += reversed(halves)
                continue
            try:
                series = self.fetch(piece)
            except LargeError as error:
                if not halves:
                    raise _hopeless(error) from None
                self.pace.shrink(piece)
                todo.append(piece)
            else:
                self.pace.learn(piece, sum(each.time.size for each in series))
                yield piece, series


def _hopeless(error: StoreError) -> StoreError:
    return StoreError(error.problem, where=error.where, remedy="raise the limit of the server")
