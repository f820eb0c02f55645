"""The one writer: takes samples, then tidies a little, so that no write takes long."""

import logging
import math
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from scroogevm.core.samples import Sample
from scroogevm.errors import StoreError
from scroogevm.stores._embedded.compact import Compaction
from scroogevm.stores._embedded.database import FILE, LOCK, open_writer, translated
from scroogevm.stores._embedded.layout import SampleLayout, layout_of, pack_sample
from scroogevm.stores._embedded.lock import WriterLock
from scroogevm.stores._embedded.names import Numbers
from scroogevm.stores._embedded.prune import prune, settled

LATEST = 4_102_444_800
"""Seconds since 1970 of a time that no clock may show: the year 2100."""

_LOG = logging.getLogger(__name__)
_DAY = 86_400
_PRUNE_EACH = 3_600
_WAL = 64 * 2**20
"""Bytes of the log above which it is cut, where a reader would keep it growing."""


class StoreWriter:
    """Holds the lock of a store and writes to it.

    Args:
        folder: of the store; made if it is not there.
        synced: whether a write waits for the disk.
        retention: days after which samples may go; 0 for never.

    Raises:
        StoreError: another writes, or the place cannot be written.
    """

    def __init__(self, folder: Path, *, synced: bool, retention: float) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = WriterLock(folder / LOCK)
        except OSError as error:
            raise StoreError(
                f"cannot be written: {error.strerror}", where=str(folder), temporary=True
            ) from None
        try:
            self._database = open_writer(folder, synced=synced)
        except BaseException:
            self._lock.close()
            raise
        self._numbers = Numbers()
        self._compaction = Compaction(self._database, self._numbers)
        self._retention = retention
        self._pruned = -math.inf
        self._told = ""

    def write(self, samples: Sequence[Sample]) -> None:
        """Keep samples.

        Raises:
            StoreError: none was kept.
        """
        if not samples:
            return
        packed = [self._packed(sample) for sample in samples]
        try:
            with self._database.transaction() as connection:
                rows = [
                    (stamp, self._numbers.node(connection, node),
                     self._numbers.layout(connection, layout), content)
                    for stamp, node, layout, content in packed
                ]  # fmt: skip
                connection.executemany(
                    "INSERT OR IGNORE INTO recent (time, node, layout, content)"
                    " VALUES (?, ?, ?, ?)",
                    rows,
                )
        except BaseException:
            self._numbers.forget()
            raise
        try:
            self._tidy(max(sample.time for sample in samples), len(samples))
        except StoreError as error:  # what was asked for is done; the next write tries again
            self._tell(str(error))
        else:
            self._told = ""

    def close(self) -> None:
        """Let another write."""
        with translated(self._database.folder):
            self._database.connection.close()
        self._lock.close()

    def _packed(self, sample: Sample) -> tuple[int, str, SampleLayout, bytes]:
        if not 0 <= sample.time < LATEST:
            raise StoreError(
                f"a sample of node {sample.node!r} has no sensible time: {sample.time}",
                where=str(self._database.folder),
            )
        if len(set(sample.vms)) < len(sample.vms):
            raise StoreError(
                f"a sample of node {sample.node!r} names a VM twice",
                where=str(self._database.folder),
            )
        layout, order = layout_of(sample)
        return round(sample.time * 1000), sample.node, layout, pack_sample(sample, layout, order)

    def _tidy(self, now: float, written: int) -> None:
        self._compaction.step(round(now * 1000), 4 + written // 8)
        # Neither a sample of the future nor a clock that runs ahead takes what is still wanted.
        now = min(now, time.time())
        if self._retention and abs(now - self._pruned) >= _PRUNE_EACH:
            since = min(now, settled(self._database) / 1000)
            if since > 0:
                prune(self._database, round((since - _DAY * self._retention) * 1000), alone=True)
                self._numbers.forget()
            self._pruned = now
        self._shorten_log()

    def _tell(self, problem: str) -> None:
        """Say once what stays undone: nobody else would notice."""
        if problem != self._told:
            _LOG.warning("samples are kept, but not packed: %s", problem)
        self._told = problem

    def _shorten_log(self) -> None:
        log = self._database.folder / f"{FILE}-wal"
        with suppress(OSError, sqlite3.OperationalError):
            if log.stat().st_size > _WAL:
                self._database.connection.execute("PRAGMA busy_timeout = 200")
                try:
                    self._database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    self._database.connection.execute("PRAGMA busy_timeout = 10000")
