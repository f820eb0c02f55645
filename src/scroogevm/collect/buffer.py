"""Buffers samples on disk while the store is down, and delivers them in order."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import random

from scroogevm.collect.schedule import pause
from scroogevm.core.samples import ESSENTIAL, Recorded, Sample
from scroogevm.errors import StoreError
from scroogevm.ports import Store
from scroogevm.telemetry.packed import pack, unpack

FILE = "waiting.sqlite"

_BATCH = 500
"""Samples that wait, and are delivered, together."""

_AT_ONCE = 20
"""Batches delivered in one call, so that none takes for ever."""

_FIRST_PAUSE = 2.0


class Buffered(Store):
    """A store that takes samples while the one behind it is down.

    ``write`` returns when the samples are in the store, or on the disk until they are. They reach
    the store in the order in which they were written, whatever ends the process meanwhile: what is
    not sure to have arrived is written again, and a store keeps it once.

    Args:
        store: the one behind it.
        folder: of the queue; made if it is not there. One process at a time.
        limit: bytes that wait at most; beyond, the oldest samples are dropped, and counted.
        clock: seconds, from any start, never backwards.
        draw: random numbers in [0, 1).

    Raises:
        StoreError: the folder cannot be used.

    Attributes:
        dropped: samples that had to make room, since the start.
        refused: samples that the store will never take, since the start.
        problem: the last error of the store.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        limit: int = 1 << 30,
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random,
    ) -> None:
        self._store = store
        self._folder = folder
        self._limit = limit
        self._clock = clock
        self._draw = draw
        self._failures = 0
        self._again = 0.0
        self.dropped = 0
        self.refused = 0
        self.problem = ""
        self._queue = self._open()
        with self._translated():
            counts = "SELECT coalesce(sum(samples), 0), coalesce(sum(length(content)), 0)"
            depth, size = self._queue.execute(f"{counts} FROM waiting").fetchone()
        self._depth = int(depth)
        self._size = int(size)

    @property
    def depth(self) -> int:
        """Samples that wait."""
        return self._depth

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._size

    @property
    def oldest(self) -> float | None:
        """Time of the sample that waits longest; None when none waits."""
        with self._translated():
            row = self._queue.execute("SELECT time FROM waiting ORDER BY id LIMIT 1").fetchone()
        return None if row is None else float(row[0])

    @property
    def failures(self) -> int:
        """Number of failures of the store in a row."""
        return self._failures

    def write(self, samples: Sequence[Sample]) -> None:
        """Keep samples, in the store or on the disk, and deliver what waits.

        Raises:
            StoreError: the store refuses them for good, or neither it nor the disk takes them.
        """
        if self._depth or self._clock() < self._again:
            self._put(samples)
            self._deliver()
        elif samples:
            try:
                self._store.write(samples)
            except StoreError as error:
                if not error.temporary:
                    raise
                self.problem = str(error)
                self._failed()
                self._put(samples)
            else:
                self._failures = 0

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """The answer of the store; waiting samples are not included."""
        return self._store.nodes(since, until)

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        """The answer of the store; waiting samples are not included."""
        return self._store.read(nodes, since, until, quantities)

    def close(self) -> None:
        """Close both; what waits stays until the next start."""
        self._queue.close()
        self._store.close()

    def _deliver(self) -> None:
        """Hand over what waits, oldest first, until the store fails or it was much.

        Where the store refuses all of a batch for good, it is the store that is wrong, not they;
        unless it takes something that came later.
        """
        held: list[tuple[int, int, int]] = []
        for _ in range(_AT_ONCE):
            if not self._depth or self._clock() < self._again:
                return
            with self._translated():
                row = self._queue.execute(
                    "SELECT id, content, samples FROM waiting WHERE id > ? ORDER BY id LIMIT 1",
                    (held[-1][0] if held else 0,),
                ).fetchone()
            if row is None:
                break
            number, content, count = row
            try:
                batch = unpack(content)
            except ValueError:
                self.dropped += count
                self._remove([(number, count, len(content))])
                continue
            refused = self._refused(batch)
            if refused is None:
                self._failed()
                return
            held.append((number, count, len(content)))
            if refused < len(batch):
                self._failures = 0
                self.refused += refused + sum(one for _, one, _ in held[:-1])
                self._remove(held)
                held = []
        if held:
            self._failed()

    def _refused(self, batch: Sequence[Sample]) -> int | None:
        """How many samples of a batch the store rejects for ever; None for a temporary failure."""
        try:
            self._store.write(batch)
        except StoreError as error:
            self.problem = str(error)
            return None if error.temporary else self._refused_each(batch)
        return 0

    def _refused_each(self, batch: Sequence[Sample]) -> int | None:
        refused = 0
        for sample in batch:
            try:
                self._store.write([sample])
            except StoreError as error:
                if error.temporary:
                    return None
                refused += 1
        return refused

    def _failed(self) -> None:
        self._failures += 1
        self._again = self._clock() + pause(self._failures, _FIRST_PAUSE, self._draw())

    def _put(self, samples: Sequence[Sample]) -> None:
        batches = [samples[start : start + _BATCH] for start in range(0, len(samples), _BATCH)]
        rows = [(len(batch), batch[0].time, pack(batch)) for batch in batches]
        with self._translated(), self._queue:
            self._queue.executemany(
                "INSERT INTO waiting (samples, time, content) VALUES (?, ?, ?)", rows
            )
        self._depth += len(samples)
        self._size += sum(len(content) for _, _, content in rows)
        self._make_room()

    def _make_room(self) -> None:
        if self._size <= self._limit:
            return
        excess, oldest = self._size - self._limit, []
        with self._translated():
            rows = self._queue.execute(
                "SELECT id, samples, length(content) FROM waiting ORDER BY id"
            )
            for row in rows:
                oldest.append(row)
                excess -= row[2]
                if excess <= 0:
                    break
            rows.close()
        self.dropped += sum(count for _, count, _ in oldest)
        self._remove(oldest)

    def _remove(self, rows: Sequence[tuple[int, int, int]]) -> None:
        with self._translated(), self._queue:
            self._queue.executemany(
                "DELETE FROM waiting WHERE id = ?", [(number,) for number, _, _ in rows]
            )
        self._depth -= sum(count for _, count, _ in rows)
        self._size -= sum(size for _, _, size in rows)
        if not self._depth:
            with self._translated():
                self._queue.execute("PRAGMA incremental_vacuum").fetchall()

    def _open(self) -> sqlite3.Connection:
        with self._translated():
            self._folder.mkdir(parents=True, exist_ok=True)
            queue = sqlite3.connect(self._folder / FILE, timeout=0, check_same_thread=False)
            try:
                queue.execute("PRAGMA auto_vacuum = INCREMENTAL")
                queue.execute("PRAGMA locking_mode = EXCLUSIVE")
                queue.execute("PRAGMA journal_mode = WAL")
                queue.execute("PRAGMA synchronous = FULL")
                queue.execute(
                    "CREATE TABLE IF NOT EXISTS waiting (id INTEGER PRIMARY KEY AUTOINCREMENT,"
                    " samples INTEGER NOT NULL, time REAL NOT NULL, content BLOB NOT NULL)"
                )
                queue.commit()
            except BaseException:
                queue.close()
                raise
        return queue

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            busy = getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY"
            reason = getattr(error, "strerror", None) or error
            raise StoreError(
                f"samples cannot wait: {'another process has them' if busy else reason}",
                where=str(self._folder),
                remedy="give each collector its own folder" if busy else "",
                temporary=True,
            ) from None
