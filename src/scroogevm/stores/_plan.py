"""What is asked of a server at once: as much as it gives and memory takes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from scroogevm.errors import StoreError
from scroogevm.stores._http import LargeError
from scroogevm.stores._series import Series
from scroogevm.stores._server import about

_NODES = 8
_SPAN = 3_600_000
_SHORTEST = 60_000


@dataclass(frozen=True)
class Piece:
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
        """As messages name it."""
        more = f" and {len(self.nodes) - 1} more" if len(self.nodes) > 1 else ""
        return about(f"node {self.nodes[0]}{more}", self.first, self.end)

    @property
    def size(self) -> int:
        """Of what it holds, as far as one knows before."""
        return len(self.nodes) * (self.end - self.first)

    def halves(self) -> "Sequence[Piece]":
        """Half of the nodes each, or else half of the time; none when that is too little."""
        some = len(self.nodes) // 2
        if some:
            return replace(self, nodes=self.nodes[:some]), replace(self, nodes=self.nodes[some:])
        middle = (self.first + self.end) // 2
        if middle - self.first < _SHORTEST:
            return ()
        return replace(self, end=middle), replace(self, first=middle)


@dataclass
class Plan:
    """Goes through nodes and time.

    What proved too large is halved, and nothing as large is tried again; a time in which there is
    nothing is crossed in ever longer steps.

    Attributes:
        fetch: what a piece holds.
        there: whether a piece may hold something, which is cheap to know.
    """

    fetch: Callable[[Piece], Sequence[Series]]
    there: Callable[[Piece], bool]
    _limit: float = float("inf")

    def run(
        self, nodes: Sequence[str], first: int, end: int
    ) -> Iterator[tuple[Piece, Sequence[Series]]]:
        """All pieces that hold something; those of a node in order of time.

        Raises:
            LargeError: even the smallest piece is too large.
        """
        for number in range(0, len(nodes), _NODES):
            group = nodes[number : number + _NODES]
            start, stride, lost = first, _SPAN, False
            while start < end:
                piece = Piece(group, start, min(start + stride, end))
                if lost and not self.there(piece):
                    start, stride = piece.end, 2 * stride
                elif stride > _SPAN:
                    stride //= 2
                else:
                    lost = True
                    for part, series in self._parts(piece):
                        lost = lost and not series
                        yield part, series
                    start = piece.end

    def _parts(self, whole: Piece) -> Iterator[tuple[Piece, Sequence[Series]]]:
        todo = [whole]
        while todo:
            piece = todo.pop()
            halves = piece.halves()
            if piece.size >= self._limit and halves:
                todo += reversed(halves)
                continue
            try:
                series = self.fetch(piece)
            except LargeError as error:
                if not halves:
                    raise _hopeless(error) from None
                self._limit = piece.size
                todo.append(piece)
            else:
                yield piece, series


def _hopeless(error: StoreError) -> StoreError:
    return StoreError(
        error.problem, where=error.where, remedy="allow the server to answer with more"
    )
