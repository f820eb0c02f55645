"""The SQLite file: its tables, how it is opened, and the meaning of its errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from scroogevm.errors import StoreError

FILE = "samples.sqlite"
LOCK = "writer.lock"

PERIOD = 300_000
"""Milliseconds in a chunk, which begins at a multiple of them."""

_APPLICATION = 0x5C7005E1
_VERSION = 2
_PATIENCE = 10.0
_TABLES = f"""
CREATE TABLE node (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);
CREATE TABLE layout (id INTEGER PRIMARY KEY, content BLOB NOT NULL UNIQUE);
CREATE TABLE recent (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL, node INTEGER NOT NULL, layout INTEGER NOT NULL, content BLOB NOT NULL
);
CREATE UNIQUE INDEX recent_time ON recent (time, node);
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    node INTEGER NOT NULL, period INTEGER NOT NULL, layout INTEGER NOT NULL,
    samples INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, head BLOB NOT NULL
);
CREATE UNIQUE INDEX chunk_node ON chunk (node, period);
CREATE INDEX chunk_period ON chunk (period);
CREATE INDEX chunk_layout ON chunk (layout);
CREATE TABLE part (
    chunk INTEGER NOT NULL, quantity TEXT NOT NULL, content BLOB NOT NULL,
    UNIQUE (chunk, quantity)
);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
"""
_LASTING = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
"""Errors that trying again does not mend; SQLite adds a suffix to some."""

_REMEDIES = {
    "SQLITE_FULL": "free some space",
    "SQLITE_CANTOPEN": "check that it exists and that you can read it",
    "SQLITE_READONLY": "check that you can write there",
    "SQLITE_CORRUPT": "`scroogevm store check` shows what can still be read",
    "SQLITE_NOTADB": "give the directory of a store",
}


class Still(NamedTuple):
    """Values that show whether a file was written meanwhile."""

    file: int
    size: int
    changed: int

    @classmethod
    def of(cls, folder: Path) -> "Still":
        """The file of a store as it is now."""
        found = (folder / FILE).stat()
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


def identity(path: Path) -> tuple[int, int] | None:
    """Values that identify a file at its place; None if there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Database(NamedTuple):
    """An open store.

    Attributes:
        folder: where it is.
        connection: to the file in it.
        still: what the file was, where it is read as if nobody could write it.
    """

    folder: Path
    connection: sqlite3.Connection
    still: Still | None = None

    @contextmanager
    def transaction(self, kind: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
        """A transaction; all reads within it are of one moment.

        Raises:
            StoreError: SQLite failed.
        """
        with translated(self.folder):
            self.connection.execute(f"BEGIN {kind}")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # a full disk has rolled back already
                    with suppress(sqlite3.Error):
                        self.connection.execute("ROLLBACK")
                raise


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Raise what SQLite raises as a `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        lasting = name.startswith(_LASTING) or not name
        remedy = next((text for key, text in _REMEDIES.items() if name.startswith(key)), "")
        raise StoreError(
            str(error), where=str(folder), remedy=remedy, temporary=not lasting
        ) from None


def open_writer(folder: Path, *, synced: bool) -> Database:
    """Open for writing; missing parts are created.

    Raises:
        StoreError: it cannot be opened, or is not ours.
    """
    with translated(folder):
        connection = _connect(folder, "rwc")
        try:
            new = _empty(connection)
            if new:
                connection.execute("PRAGMA page_size = 8192")
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            else:  # foreign content is not changed
                _refuse_foreign(folder, connection)
            _log_beside(folder, connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            connection.execute("PRAGMA journal_size_limit = 16777216")
            if new:
                connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
        except BaseException:
            connection.close()
            raise
        return Database(folder, connection)


def open_reader(folder: Path) -> Database:
    """Open for reading, beside a writer in whatever process.

    Raises:
        StoreError: there is none, it cannot be opened, or is not ours.
    """
    if not (folder / FILE).is_file():
        raise StoreError(
            "there is no store",
            where=str(folder),
            remedy=f"the directory of a store contains {FILE}",
        )
    with translated(folder):
        try:
            return Database(folder, _ours(folder, "ro"))
        except sqlite3.OperationalError:
            if (folder / f"{FILE}-wal").exists():
                raise
            # Nobody writes, and we may not make the index that readers share: read as it lies.
            still = Still.of(folder)
            return Database(folder, _ours(folder, "ro&immutable=1"), still)


def _ours(folder: Path, mode: str) -> sqlite3.Connection:
    connection = _connect(folder, mode)
    try:
        _refuse_foreign(folder, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(folder: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str((folder / FILE).absolute()))}?mode={mode}",
        uri=True,
        timeout=_PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )


def _empty(connection: sqlite3.Connection) -> bool:
    found: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return not found


def _log_beside(folder: Path, connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise StoreError(
            "the file system does not support shared memory",
            where=str(folder),
            remedy="keep the store on a local disk",
        )


def _refuse_foreign(folder: Path, connection: sqlite3.Connection) -> None:
    if _empty(connection):
        raise StoreError("no sample was written yet", where=str(folder), temporary=True)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != _APPLICATION:
        raise StoreError("is another program's SQLite file", where=str(folder / FILE))
    if version != _VERSION:
        raise StoreError(
            f"has version {version}, this program knows {_VERSION}",
            where=str(folder / FILE),
            remedy="use the release that wrote it, or a newer one",
        )
