"""Checks every byte of a store, and reports what is damaged."""

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from scroogevm.stores._embedded.blob import DamagedError
from scroogevm.stores._embedded.block import StoreBlock, recent_block, unpack_block
from scroogevm.stores._embedded.database import PERIOD
from scroogevm.stores._embedded.layout import SampleLayout
from scroogevm.stores._embedded.names import Layouts


def faults(
    connection: sqlite3.Connection, names: Mapping[int, str]
) -> Iterator[tuple[str, str, int]]:
    """The damaged parts: words, table and number of the row; the table is empty for none.

    Raises:
        sqlite3.DatabaseError: the damage is too large to read more.
    """
    for (line,) in connection.execute("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield f"SQLite: {line}", "", 0
    layouts = Layouts()
    for number, node, period, layout, samples, first, last, head in connection.execute(
        "SELECT id, node, period, layout, samples, first, last, head FROM chunk"
        " ORDER BY node, period"
    ):
        try:
            _known(names, node)
            known = layouts.load(connection, [layout])[layout]
            block = _decoded(connection, number, samples, head, known)
            _dated(block, period, (first, last))
        except DamagedError as error:
            yield f"{_where(names, node, period)}: {error}", "chunk", number
    for number, node, time, layout, content in connection.execute(
        "SELECT id, node, time, layout, content FROM recent ORDER BY time, node"
    ):
        try:
            _known(names, node)
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


def _known(names: Mapping[int, str], node: int) -> None:
    if node not in names:
        raise DamagedError("the name of the node is missing")


def _dated(block: StoreBlock, period: int, ends: tuple[int, int]) -> None:
    if ends != (block.first, block.last) or not period <= ends[0] <= ends[1] < period + PERIOD:
        raise DamagedError("its times differ from those of its chunk")


def _decoded(
    connection: sqlite3.Connection, number: int, samples: int, head: bytes, layout: SampleLayout
) -> StoreBlock:
    parts = "SELECT quantity, content FROM part WHERE chunk = ?"
    block = unpack_block(
        head, samples, layout, dict(connection.execute(parts, (number,)).fetchall())
    )
    for quantity in layout.vm_quantities:
        if quantity not in block.vms:
            raise DamagedError(f"{quantity} is missing")
        block.column(quantity)
    return block


def _where(names: Mapping[int, str], node: int, stamp: int) -> str:
    when = datetime.fromtimestamp(stamp / 1000, UTC).isoformat(timespec="seconds")
    return f"node {names.get(node, '?')!r}, {when}"
