"""The one writer: stores samples, then compacts a little, so that no write takes long."""

import logging
import math
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from scroogevm.core.samples import Sample
from scroogevm.errors import StoreError
from scroogevm.outage import Outage
from scroogevm.stores._embedded.compact import Compaction
from scroogevm.stores._embedded.database import (
    FILE,
    LOCK,
    PERIOD,
    identity,
    open_writer,
    translated,
)
from scroogevm.stores._embedded.layout import SampleLayout, layout_of, pack_sample
from scroogevm.stores._embedded.lock import WriterLock
from scroogevm.stores._embedded.names import Numbers
from scroogevm.stores._embedded.prune import SETTLED, has_older, prune, settled
from scroogevm.stores._embedded.set_aside import SetAside

LATEST = 4_102_444_800
"""Seconds since 1970 of a time that no clock may show: the year 2100."""

_LOG = logging.getLogger(__name__)
_DAY = 86_400
_PRUNE_EACH = 3_600
_AT_ONCE_IN_NEED = 5
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
        self._folder = folder
        self._reserve = SetAside(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = WriterLock(folder / LOCK)
        except OSError as error:
            raise StoreError(
                f"cannot be written: {error.strerror}", where=str(folder), temporary=True
            ) from None
        try:
            self._database = open_writer(folder, synced=synced)
            self._files = self._there()
        except BaseException:
            self._lock.close()
            raise
        self._numbers = Numbers()
        self._compaction = Compaction(self._database, self._numbers)
        self._retention = retention
        self._pruned = -math.inf
        self._unpacked = Outage()
        self._offered: Sequence[int] = ()

    def write(self, samples: Sequence[Sample]) -> None:
        """Keep samples.

        Raises:
            StoreError: none was kept.
        """
        if not samples:
            return
        packed = [self._packed(sample) for sample in samples]
        now = max(sample.time for sample in samples)
        self._offer(stamp for stamp, *_ in packed)
        try:
            self._refuse_full()
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
        except BaseException as error:
            self._numbers.forget()
            if isinstance(error, StoreError):  # a full disk does not stop a step that frees space
                with suppress(StoreError):
                    self._retain(now)
            raise
        problem = ""
        for tidy in (partial(self._pack, now, len(samples)), partial(self._retain, now)):
            try:
                tidy()
            except StoreError as error:  # the request is done; the next write tries this again
                problem = problem or str(error)
        self._shorten_log()
        self._tell(problem)

    def _refuse_full(self) -> None:
        if self._reserve.is_touched:
            raise StoreError(
                "the disk is full, except for the space that retention needs",
                where=str(self._folder),
                remedy="free some space",
                temporary=True,
            )

    @property
    def displaced(self) -> bool:
        """Whether files were replaced in the folder, so that readers would not find ours."""
        return self._files != self._there()

    def close(self) -> None:
        """Let another write."""
        with translated(self._database.folder):
            self._database.connection.close()
        self._lock.close()

    def _packed(self, sample: Sample) -> tuple[int, str, SampleLayout, bytes]:
        if not 0 <= sample.time < LATEST:
            raise StoreError(
                f"a sample of node {sample.node!r} has an invalid time: {sample.time}",
                where=str(self._database.folder),
            )
        if len(set(sample.vms)) < len(sample.vms):
            raise StoreError(
                f"a sample of node {sample.node!r} contains a VM twice",
                where=str(self._database.folder),
            )
        layout, order = layout_of(sample)
        return round(sample.time * 1000), sample.node, layout, pack_sample(sample, layout, order)

    def _there(self) -> Sequence[tuple[int, int] | None]:
        """The files that are in the folder now, None for each missing one."""
        return [identity(self._folder / name) for name in (FILE, LOCK)]

    def _offer(self, stamps: Iterable[int]) -> None:
        """Remember the youngest five minutes, which tell the time while nothing can be packed."""
        periods = {stamp // PERIOD * PERIOD for stamp in stamps}
        self._offered = sorted(periods.union(self._offered))[-SETTLED - 1 :]

    def _pack(self, now: float, written: int) -> None:
        self._compaction.step(round(now * 1000), 4 + written // 8)

    def _retain(self, now: float) -> None:
        """Remove old samples, even if nothing can be written, because the disk may be full."""
        # A sample from the future or a clock that runs ahead must not remove recent samples.
        now = min(now, time.time())
        if not self._retention or abs(now - self._pruned) < _PRUNE_EACH:
            return
        seen = self._offered[0] if len(self._offered) > SETTLED else -math.inf
        since = min(now, max(settled(self._database), seen) / 1000)
        before = round((since - _DAY * self._retention) * 1000) if since > 0 else 0
        if has_older(self._database, before):
            try:
                prune(self._database, before, alone=True)
            except StoreError:
                self._reserve.release()
                self._cut_log()
                prune(self._database, before, alone=True, at_once=_AT_ONCE_IN_NEED)
                self._cut_log()
            finally:
                self._numbers.forget()
        self._pruned = now
        self._reserve.keep()

    def _tell(self, problem: str) -> None:
        """Say once what stays undone: nobody else would notice."""
        if not problem:
            self._unpacked.end()
        elif self._unpacked.note(problem):
            _LOG.warning("samples are kept, but not packed: %s", problem)

    def _shorten_log(self) -> None:
        log = self._database.folder / f"{FILE}-wal"
        with suppress(OSError):
            if log.stat().st_size > _WAL:
                self._cut_log()

    def _cut_log(self) -> None:
        with suppress(sqlite3.OperationalError):
            self._database.connection.execute("PRAGMA busy_timeout = 200")
            try:
                self._database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                self._database.connection.execute("PRAGMA busy_timeout = 10000")
