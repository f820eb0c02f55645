"""Looks at every byte, and says what is not what was written."""

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from scroogevm.stores._embedded.blob import DamagedError
from scroogevm.stores._embedded.block import recent_block, unpack_block
from scroogevm.stores._embedded.layout import Layout
from scroogevm.stores._embedded.names import Layouts


def faults(
    connection: sqlite3.Connection, names: Mapping[int, str]
) -> Iterator[tuple[str, str, int]]:
    """What is damaged: in words, the table and the number of its row; an empty table for none.

    Raises:
        sqlite3.DatabaseError: so much that no more can be told.
    """
    for (line,) in connection.execute("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield f"SQLite: {line}", "", 0
    layouts = Layouts()
    for number, node, period, layout, samples, head in connection.execute(
        "SELECT id, node, period, layout, samples, head FROM chunk ORDER BY node, period"
    ):
        try:
            known = layouts.load(connection, [layout])[layout]
            _decode(connection, number, samples, head, known)
        except DamagedError as error:
            yield f"{_where(names, node, period)}: {error}", "chunk", number
    for number, node, time, layout, content in connection.execute(
        "SELECT id, node, time, layout, content FROM recent ORDER BY time, node"
    ):
        try:
            recent_block([time], layouts.load(connection, [layout])[layout], [content])
        except DamagedError as error:
            yield f"{_where(names, node, time)}: {error}", "recent", number


def remove(connection: sqlite3.Connection, table: str, number: int) -> None:
    """Take a damaged row away."""
    if table == "chunk":
        connection.execute("DELETE FROM part WHERE chunk = ?", (number,))
        connection.execute("DELETE FROM chunk WHERE id = ?", (number,))
    elif table == "recent":
        connection.execute("DELETE FROM recent WHERE id = ?", (number,))


def _decode(
    connection: sqlite3.Connection, number: int, samples: int, head: bytes, layout: Layout
) -> None:
    parts = "SELECT quantity, content FROM part WHERE chunk = ?"
    block = unpack_block(
        head, samples, layout, dict(connection.execute(parts, (number,)).fetchall())
    )
    for quantity in layout.vm_quantities:
        if block.column(quantity) is None:
            raise DamagedError(f"{quantity} is missing")


def _where(names: Mapping[int, str], node: int, stamp: int) -> str:
    when = datetime.fromtimestamp(stamp / 1000, UTC).isoformat(timespec="seconds")
    return f"node {names.get(node, '?')!r}, {when}"
