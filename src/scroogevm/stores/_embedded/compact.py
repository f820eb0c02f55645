"""Packs five minutes of a node's samples into a chunk, a few chunks at each write."""

import logging
from collections import deque

from scroogevm.stores._embedded.blob import DamagedError
from scroogevm.stores._embedded.block import merge, pack_block
from scroogevm.stores._embedded.database import PERIOD, Database
from scroogevm.stores._embedded.names import Layouts, Numbers
from scroogevm.stores._embedded.reader import chunk_rows, chunks, recent_blocks

_LOG = logging.getLogger(__name__)
_LOOK_EACH = 10_000
_GRACE = 30_000
"""Milliseconds after its end in which a period waits for late samples; they may come later, but
then its chunk is written again."""


class Compaction:
    """Finds periods that have ended, and packs them.

    Args:
        database: opened for writing.
        numbers: of its nodes and layouts.
    """

    def __init__(self, database: Database, numbers: Numbers) -> None:
        self._database = database
        self._numbers = numbers
        self._layouts = Layouts()
        self._due: deque[tuple[int, int]] = deque()
        self._damaged: set[tuple[int, int]] = set()
        self._looked: int | None = None

    def step(self, now: int, most: int) -> None:
        """Pack a limited number of chunks that had ended at ``now``, in milliseconds.

        Raises:
            StoreError: a chunk could not be packed.
        """
        if not self._due and (self._looked is None or abs(now - self._looked) >= _LOOK_EACH):
            self._look(now)
        if not self._due:
            return
        done = [self._due.popleft() for _ in range(min(most, len(self._due)))]
        try:
            with self._database.transaction():
                for node, period in done:
                    self._pack(node, period)
        except BaseException:
            self._numbers.forget()
            self._looked = None
            raise

    def _look(self, now: int) -> None:
        over = (now - _GRACE) // PERIOD * PERIOD
        found = self._database.connection.execute(
            "SELECT DISTINCT node, time / ? * ? FROM recent WHERE time < ? ORDER BY 2, 1",
            (PERIOD, PERIOD, over),
        )
        self._due.extend(pair for pair in found if pair not in self._damaged)
        self._looked = now

    def _pack(self, node: int, period: int) -> None:
        connection = self._database.connection
        end = period + PERIOD
        rows = connection.execute(
            "SELECT node, layout, time, content FROM recent"
            " WHERE time >= ? AND time < ? AND node = ? ORDER BY time",
            (period, end, node),
        ).fetchall()
        if not rows:  # pruned meanwhile
            return
        names = [name for (name,) in connection.execute(
            "SELECT quantity FROM part JOIN chunk ON chunk.id = part.chunk"
            " WHERE node = ? AND period = ?", (node, period))]  # fmt: skip
        try:
            earlier = chunk_rows(connection, [node], (period, end - 1), names).get(node, ())
            block = merge(
                [
                    *chunks(connection, self._layouts, earlier),
                    *recent_blocks(connection, self._layouts, rows),
                ]
            )
        except DamagedError as error:
            self._damaged.add((node, period))  # both stay as they are, for `check` to tell
            _LOG.warning(
                "%s: five minutes of a node cannot be packed: %s; `scroogevm store check`"
                " lists what is damaged, and can remove it", self._database.folder, error,
            )  # fmt: skip
            return
        packed = pack_block(block)
        connection.execute(
            "DELETE FROM part WHERE chunk IN (SELECT id FROM chunk WHERE node = ? AND period = ?)",
            (node, period),
        )
        connection.execute("DELETE FROM chunk WHERE node = ? AND period = ?", (node, period))
        layout = self._numbers.layout(connection, block.layout)
        chunk = connection.execute(
            "INSERT INTO chunk (node, period, layout, samples, first, last, head)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (node, period, layout, block.times.size, block.first, block.last, packed.head),
        ).lastrowid
        connection.executemany(
            "INSERT INTO part (chunk, quantity, content) VALUES (?, ?, ?)",
            [(chunk, name, content) for name, content in packed.columns.items()],
        )
        connection.execute(
            "DELETE FROM recent WHERE time >= ? AND time < ? AND node = ?", (period, end, node)
        )
