"""How much is asked of a server at once."""

from collections.abc import Sequence

import numpy as np
import pytest

from scroogevm.errors import StoreError
from scroogevm.stores._scraped.plan import SAMPLES, QueryPlan, QuerySize, QueryWindow
from scroogevm.stores._scraped.series import RawSeries
from scroogevm.stores._server.http import LargeError

HOUR = 3_600_000


class Server:
    """One whose nodes have the same number of samples in every second of some time."""

    def __init__(self, density: float, first: int, end: int, limit: float = np.inf) -> None:
        self.density, self.first, self.end, self.limit = density, first, end, limit
        self.answers: list[tuple[QueryWindow, int]] = []
        self.looked = 0

    def fetch(self, piece: QueryWindow) -> Sequence[RawSeries]:
        span = min(piece.end, self.end) - max(piece.first, self.first)
        samples = round(max(span, 0) / 1000 * self.density * len(piece.nodes))
        if samples > self.limit:
            raise LargeError("too many samples")
        self.answers.append((piece, samples))
        return [RawSeries("x", {}, np.empty(samples), np.empty(samples))] if samples else []

    def there(self, piece: QueryWindow) -> bool:
        self.looked += 1
        return piece.end > self.first and piece.first < self.end

    def read(
        self, nodes: int, first: int, end: int, pace: QuerySize | None = None
    ) -> list[QueryWindow]:
        plan = QueryPlan(self.fetch, self.there, pace or QuerySize())
        return [piece for piece, _ in plan.run([str(node) for node in range(nodes)], first, end)]


@pytest.mark.parametrize("density", [0.5, 37.0, 500.0])
@pytest.mark.parametrize("nodes", [1, 8, 200])
def test_answers_grow_to_what_is_wanted_and_no_further(density: float, nodes: int) -> None:
    server = Server(density, 0, 48 * HOUR)
    pieces = server.read(nodes, 0, 48 * HOUR)
    sizes = [samples for _, samples in server.answers]
    assert max(sizes[1:]) <= 1.01 * SAMPLES
    assert sum(sizes) == pytest.approx(48 * 3600 * density * nodes)
    fewest = sum(sizes) / SAMPLES + 2 * max(nodes / 32, 1)
    assert len(sizes) <= 2.5 * fewest + 10
    covered = sum(piece.size for piece in pieces)
    assert covered == nodes * 48 * HOUR


def test_what_was_learned_holds_for_the_next_question() -> None:
    server, pace = Server(37.0, 0, 48 * HOUR), QuerySize()
    server.read(1, 0, 24 * HOUR, pace)
    before = len(server.answers)
    server.read(1, 24 * HOUR, 48 * HOUR, pace)
    assert len(server.answers) - before == 7  # 24 h of 37 a second, by half a million


def test_a_server_that_gives_less_is_asked_for_less_and_not_refused_again_and_again() -> None:
    server = Server(37.0, 0, 48 * HOUR, limit=40_000)
    refused = 0

    def fetch(piece: QueryWindow) -> Sequence[RawSeries]:
        nonlocal refused
        try:
            return server.fetch(piece)
        except LargeError:
            refused += 1
            raise

    pieces = [piece for piece, _ in QueryPlan(fetch, server.there).run(["a"], 0, 48 * HOUR)]
    assert sum(piece.size for piece in pieces) == 48 * HOUR
    assert refused < 5


def test_a_server_that_gives_nothing_at_all_is_an_error() -> None:
    with pytest.raises(StoreError, match=r"too many samples.*raise the limit"):
        Server(37.0, 0, HOUR, limit=10).read(2, 0, HOUR)


def test_years_without_anything_are_crossed_in_few_steps() -> None:
    year = 365 * 24 * HOUR
    server = Server(37.0, 40 * year, 40 * year + HOUR)
    pieces = server.read(1, 0, 50 * year)
    assert sum(samples for _, samples in server.answers) == 37 * 3600
    assert pieces[-1].end <= 50 * year
    assert server.looked < 80
