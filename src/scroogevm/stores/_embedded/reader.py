"""Blocks of a node out of the file."""

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from scroogevm.stores._embedded.block import Block, merge, recent_block, unpack_block
from scroogevm.stores._embedded.database import PERIOD
from scroogevm.stores._embedded.names import Layouts

_END = 2**62
_CHUNKS = "chunk.node = ? AND period > ? AND period <= ? AND last >= ? AND first <= ?"


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
    nodes: Sequence[int],
    span: tuple[float, float],
    quantities: Sequence[str],
) -> Iterator[Sequence[Block]]:
    """For each node its samples in a span of seconds, its end left out: in order, each once.

    Raises:
        DamagedError: something of it is not what was written.
    """
    low, high = milliseconds(span[0], -1), milliseconds(span[1], 1)
    recent = _recent(connection, nodes, low, high)
    for node in nodes:
        kept = [
            *chunks(connection, layouts, node, (low, high), quantities),
            *recent_blocks(connection, layouts, recent.get(node, ())),
        ]
        parts = (block.within(*span) for block in kept)
        yield list(_apart([block for block in parts if block.times.size]))


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
    values = (node, span[0] - PERIOD, span[1], *span)
    heads = connection.execute(
        f"SELECT id, layout, samples, head FROM chunk WHERE {_CHUNKS} ORDER BY period",  # noqa: S608  # fixed text
        values,
    ).fetchall()
    if not heads:
        return
    columns: dict[int, dict[str, Any]] = {number: {} for number, *_ in heads}
    for number, quantity, content in connection.execute(
        "SELECT chunk.id, quantity, content FROM chunk CROSS JOIN part ON part.chunk = chunk.id"  # noqa: S608  # likewise
        f" WHERE {_CHUNKS} AND quantity IN (SELECT value FROM json_each(?))",
        (*values, json.dumps(list(quantities))),
    ):
        columns[number][quantity] = content
    known = layouts.load(connection, map(itemgetter(1), heads))
    for number, layout, samples, head in heads:
        yield unpack_block(head, samples, known[layout], columns[number])


Row = tuple[int, int, bytes]
"""Layout, time and content of a recent sample."""


def _recent(
    connection: sqlite3.Connection, nodes: Sequence[int], low: int, high: int
) -> Mapping[int, Sequence[Row]]:
    """The recent samples of some nodes, in order of time: one look for all."""
    rows = connection.execute(
        "SELECT node, layout, time, content FROM recent WHERE time >= ? AND time <= ?"
        " AND +node IN (SELECT value FROM json_each(?)) ORDER BY time",
        (low, high, json.dumps(list(nodes))),
    )
    found: dict[int, list[Row]] = {}
    for node, layout, stamp, content in rows:
        found.setdefault(node, []).append((layout, stamp, content))
    return found


def recent_blocks(
    connection: sqlite3.Connection, layouts: Layouts, rows: Sequence[Row]
) -> Iterator[Block]:
    """Rows of ``recent`` of one node in order of time, those of one layout together.

    Raises:
        DamagedError: something of it is not what was written.
    """
    known = layouts.load(connection, map(itemgetter(0), rows))
    for layout, group in groupby(rows, itemgetter(0)):
        _, times, contents = zip(*group, strict=True)
        yield recent_block(times, known[layout], contents)


def _apart(found: Sequence[Block]) -> Iterator[Block]:
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


def _one(run: Sequence[Block]) -> Block:
    return run[0] if len(run) == 1 else merge(run)
