"""Reads blocks of a node from the file."""

import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from scroogevm.core.arrays import Singles
from scroogevm.stores._embedded.block import StoreBlock, merge, recent_block, unpack_block
from scroogevm.stores._embedded.database import PERIOD
from scroogevm.stores._embedded.names import Layouts

_END = 2**62
_CHUNKS = (
    "WHERE node IN (SELECT value FROM json_each(?))"
    " AND period > ? AND period <= ? AND last >= ? AND first <= ?"
)


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
    """The nodes among these that have a sample in ``since <= time < until``.

    Raises:
        DamagedError: some of the data are damaged.
    """
    low, high = milliseconds(since, -1), milliseconds(until, 1)
    recent = connection.execute(
        "SELECT DISTINCT node FROM recent WHERE time >= ? AND time <= ?"
        " AND time / 1000.0 >= ? AND time / 1000.0 < ?",
        (low, high, since, until),
    )
    found = {number for (number,) in recent}

    def inner(node: int) -> bool:
        rows = chunk_rows(connection, [node], (low, high)).get(node, ())
        around = chunks(connection, layouts, rows)
        return any(block.within(since, until).times.size for block in around)

    for node in nodes:
        chunk = connection.execute(
            "SELECT 1 FROM chunk WHERE node = ? AND period > ? AND period <= ?"
            " AND (first / 1000.0 >= ? AND first / 1000.0 < ?"
            " OR last / 1000.0 >= ? AND last / 1000.0 < ?) LIMIT 1",
            (node, low - PERIOD, high, since, until, since, until),
        ).fetchone()
        if node in found or chunk is not None or inner(node):
            yield node


def blocks(
    connection: sqlite3.Connection,
    layouts: Layouts,
    nodes: Sequence[int],
    span: tuple[float, float],
    quantities: Sequence[str],
) -> Iterator[Sequence[StoreBlock]]:
    """For each node its samples in a span of seconds, its end left out: in order, each once.

    Raises:
        DamagedError: some of the data are damaged.
    """
    low, high = milliseconds(span[0], -1), milliseconds(span[1], 1)
    packed = chunk_rows(connection, nodes, (low, high), quantities)
    recent = _recent(connection, nodes, low, high)
    for node in nodes:
        kept = [
            *chunks(connection, layouts, packed.get(node, ())),
            *recent_blocks(connection, layouts, recent.get(node, ())),
        ]
        parts = (block.within(*span) for block in kept)
        yield list(_apart([block for block in parts if block.times.size]))


class ChunkRow(NamedTuple):
    """A chunk as it is kept."""

    layout: int
    samples: int
    head: bytes
    columns: dict[str, Singles | bytes]


def chunk_rows(
    connection: sqlite3.Connection,
    nodes: Sequence[int],
    span: tuple[int, int],
    quantities: Sequence[str] = (),
) -> Mapping[int, Sequence[ChunkRow]]:
    """The chunks of some nodes with samples in a span of milliseconds, its end included, in order.

    It makes two queries for all nodes, because many small ones would take longer.
    """
    values = (json.dumps(list(nodes)), span[0] - PERIOD, span[1], *span)
    by_node: dict[int, list[ChunkRow]] = {}
    by_number: dict[int, ChunkRow] = {}
    for node, number, layout, samples, head in connection.execute(
        f"SELECT node, id, layout, samples, head FROM chunk {_CHUNKS} ORDER BY node, period",  # noqa: S608  # fixed text
        values,
    ):
        row = ChunkRow(layout, samples, head, {})
        by_node.setdefault(node, []).append(row)
        by_number[number] = row
    if by_number and quantities:
        for number, quantity, content in connection.execute(
            "SELECT chunk.id, quantity, content FROM"  # noqa: S608  # likewise
            f" chunk CROSS JOIN part ON part.chunk = chunk.id {_CHUNKS}"
            " AND quantity IN (SELECT value FROM json_each(?))",
            (*values, json.dumps(list(quantities))),
        ):
            by_number[number].columns[quantity] = content
    return by_node


def chunks(
    connection: sqlite3.Connection, layouts: Layouts, rows: Sequence[ChunkRow]
) -> Iterator[StoreBlock]:
    """Chunks of a node, unpacked but for their columns.

    Raises:
        DamagedError: some of the data are damaged.
    """
    known = layouts.load(connection, [row.layout for row in rows])
    for row in rows:
        yield unpack_block(row.head, row.samples, known[row.layout], row.columns)


Row = tuple[int, int, int, bytes]
"""Node, layout, time and content of a recent sample."""


def _recent(
    connection: sqlite3.Connection, nodes: Sequence[int], low: int, high: int
) -> Mapping[int, Sequence[Row]]:
    """The recent samples of some nodes, in order of time: one look for all."""
    rows = connection.execute(
        "SELECT node, layout, time, content FROM recent WHERE time >= ? AND time <= ?"
        " AND +node IN (SELECT value FROM json_each(?)) ORDER BY time",
        (low, high, json.dumps(list(nodes))),
    )
    found = defaultdict[int, list[Row]](list)
    for row in rows:
        found[row[0]].append(row)
    return found


def recent_blocks(
    connection: sqlite3.Connection, layouts: Layouts, rows: Sequence[Row]
) -> Iterator[StoreBlock]:
    """Rows of ``recent`` of one node in order of time, those of one layout together.

    Raises:
        DamagedError: some of the data are damaged.
    """
    known = layouts.load(connection, map(itemgetter(1), rows))
    for layout, group in groupby(rows, itemgetter(1)):
        _, _, times, contents = zip(*group, strict=True)
        yield recent_block(times, known[layout], contents)


def _apart(found: Sequence[StoreBlock]) -> Iterator[StoreBlock]:
    """Merge what overlaps: samples that came late, or twice; of those the first in ``found``."""
    run: list[int] = []
    last = -_END
    for number in sorted(range(len(found)), key=lambda number: found[number].first):
        if run and found[number].first > last:
            yield _one([found[one] for one in sorted(run)])
            run = []
        run.append(number)
        last = max(last, found[number].last)
    if run:
        yield _one([found[one] for one in sorted(run)])


def _one(run: Sequence[StoreBlock]) -> StoreBlock:
    return run[0] if len(run) == 1 else merge(run)
