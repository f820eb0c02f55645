"""Blocks of a node out of the file."""

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from scroogevm.stores._embedded.block import Block, merge, recent_block, unpack_block
from scroogevm.stores._embedded.database import PERIOD
from scroogevm.stores._embedded.names import Layouts

_END = 2**62


def milliseconds(seconds: float, beyond: int) -> int:
    """A bound for SQL that loses nothing: ``beyond`` milliseconds further out."""
    if math.isnan(seconds):
        return _END
    return int(max(-_END, min(_END, round(max(-1e15, min(1e15, seconds)) * 1000) + beyond)))


def active(
    connection: sqlite3.Connection,
    layouts: Layouts,
    nodes: Iterable[int],
    since: float,
    until: float,
) -> Iterator[int]:
    """Those of some nodes that have a sample in ``since <= time < until``.

    Raises:
        DamagedError: something of them is not what was written.
    """
    low, high = milliseconds(since, -1), milliseconds(until, 1)
    recent = connection.execute(
        "SELECT DISTINCT node FROM recent WHERE time >= ? AND time <= ?"
        " AND time / 1000.0 >= ? AND time / 1000.0 < ?",
        (low, high, since, until),
    )
    found = {number for (number,) in recent}
    for node in nodes:
        chunk = connection.execute(
            "SELECT 1 FROM chunk WHERE node = ? AND period > ? AND period <= ?"
            " AND (first / 1000.0 >= ? AND first / 1000.0 < ?"
            " OR last / 1000.0 >= ? AND last / 1000.0 < ?) LIMIT 1",
            (node, low - PERIOD, high, since, until, since, until),
        ).fetchone()
        around = chunks(connection, layouts, node, (low, high))
        if (
            node in found
            or chunk is not None
            or any(block.within(since, until).times.size for block in around)
        ):
            yield node


def blocks(
    connection: sqlite3.Connection,
    layouts: Layouts,
    node: int,
    span: tuple[float, float],
    quantities: Sequence[str],
) -> Sequence[Block]:
    """The samples of a node in a span of seconds, its end left out, in order of time, each once.

    Raises:
        DamagedError: something of it is not what was written.
    """
    low, high = milliseconds(span[0], -1), milliseconds(span[1], 1)
    kept = [
        *chunks(connection, layouts, node, (low, high), quantities),
        *_recent(connection, layouts, node, low, high),
    ]
    parts = (block.within(*span) for block in kept)
    return list(_apart([block for block in parts if block.times.size]))


def chunks(
    connection: sqlite3.Connection,
    layouts: Layouts,
    node: int,
    span: tuple[int, int],
    quantities: Sequence[str] = (),
) -> Iterator[Block]:
    """The chunks of a node with samples in a span of milliseconds, its end included, in order.

    Raises:
        DamagedError: something of it is not what was written.
    """
    low, high = span
    found = connection.execute(
        "SELECT id, layout, samples, head FROM chunk WHERE node = ? AND period > ? AND period <= ?"
        " AND last >= ? AND first <= ? ORDER BY period",
        (node, low - PERIOD, high, low, high),
    ).fetchall()
    if not found:
        return
    known = layouts.load(connection, map(itemgetter(1), found))
    marks = ",".join("?" * len(quantities))
    wanted = f"SELECT quantity, content FROM part WHERE chunk = ? AND quantity IN ({marks})"  # noqa: S608  # question marks
    for number, layout, samples, head in found:
        columns = dict(connection.execute(wanted, (number, *quantities)).fetchall())
        yield unpack_block(head, samples, known[layout], columns)


def _recent(
    connection: sqlite3.Connection, layouts: Layouts, node: int, low: int, high: int
) -> Iterator[Block]:
    found = connection.execute(
        "SELECT layout, time, content FROM recent WHERE time >= ? AND time <= ? AND node = ?"
        " ORDER BY time",
        (low, high, node),
    ).fetchall()
    yield from recent_blocks(connection, layouts, found)


def recent_blocks(
    connection: sqlite3.Connection, layouts: Layouts, rows: Sequence[tuple[int, int, bytes]]
) -> Iterator[Block]:
    """Rows of ``recent`` of one node in order of time, those of one layout together.

    Raises:
        DamagedError: something of it is not what was written.
    """
    known = layouts.load(connection, map(itemgetter(0), rows))
    for layout, group in groupby(rows, itemgetter(0)):
        _, times, contents = zip(*group, strict=True)
        yield recent_block(times, known[layout], contents)


def _apart(found: Iterable[Block]) -> Iterator[Block]:
    """Merge what overlaps: samples that came late, or twice."""
    run: list[Block] = []
    last = -_END
    for block in sorted(found, key=lambda block: block.first):
        if run and block.first > last:
            yield _one(run)
            run = []
        run.append(block)
        last = max(last, block.last) if len(run) > 1 else block.last
    if run:
        yield _one(run)


def _one(run: Sequence[Block]) -> Block:
    return run[0] if len(run) == 1 else merge(run)
