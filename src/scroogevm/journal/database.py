"""Opens a SQLite file with one writing process at a time, which survives crashes."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scroogevm.errors import MisuseError, OutputError


class JournalFile:
    """A SQLite file of one writer. Its schema has a table ``meta`` of keys and values.

    What a ``writing`` block did is on the disk when it ends, or none of it.

    Args:
        path: the file; it is created if it does not exist.
        schema: makes what is missing.
        version: of the schema; another one is refused.
        alone: whether this process is the one that writes; else it only looks.

    Raises:
        MisuseError: another process writes it, it is not a journal, or has another version.
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path, schema: str, version: str, *, alone: bool = True) -> None:
        self.path = path
        self._mutex = threading.Lock()
        self._handle: int | None = None
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            if alone:
                lock = path.with_name(f"{path.name}.lock")
                self._handle = os.open(lock, os.O_RDWR | os.O_CREAT)
        try:
            if self._handle is not None:
                self._lock(self._handle)
            with self._translated():
                self.connection = self._open(schema, version)
        except BaseException:
            if self._handle is not None:
                os.close(self._handle)
            raise

    def close(self) -> None:
        """Give the file back."""
        self.connection.close()
        if self._handle is not None:
            os.close(self._handle)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Reads within it are not disturbed by other threads.

        Raises:
            MisuseError: the file is damaged.
        """
        with self._translated(), self._mutex:
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of it is kept, or nothing.

        Raises:
            OutputError: it could not be kept.
            MisuseError: the file is damaged.
        """
        with self._translated(), self._mutex:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.commit()

    def _lock(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise MisuseError(
                "is written by another process",
                where=str(self.path),
                remedy="stop that one, or choose another --data directory",
            ) from None

    def _open(self, schema: str, version: str) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.executescript(schema)
            db.execute("INSERT OR IGNORE INTO meta VALUES ('version', ?)", (version,))
            self._check_version(db, version)
        except BaseException:
            db.close()
            raise
        return db

    def _check_version(self, db: sqlite3.Connection, version: str) -> None:
        (found,) = db.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
        if found != version:
            raise MisuseError(
                f"has version {found}, which cannot be read, only {version}", where=str(self.path)
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"cannot be written: {error.strerror}", where=str(self.path)
            ) from None
        except sqlite3.OperationalError as error:
            raise OutputError(f"cannot be written: {error}", where=str(self.path)) from None
        except (sqlite3.DatabaseError, ValueError) as error:
            raise MisuseError(
                f"is damaged: {error}",
                where=str(self.path),
                remedy="restore a backup of it, or move it away to start with a new one",
            ) from None
