"""The operations of the store, on connections that are opened at first use."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock

from scroogevm.core.samples import Recorded, Sample
from scroogevm.errors import StoreError
from scroogevm.stores._embedded.blob import DamagedError
from scroogevm.stores._embedded.check import faults, remove
from scroogevm.stores._embedded.database import (
    FILE,
    LOCK,
    Database,
    Still,
    identity,
    open_reader,
    open_writer,
)
from scroogevm.stores._embedded.lock import WriterLock
from scroogevm.stores._embedded.names import Layouts, node_names
from scroogevm.stores._embedded.prune import prune
from scroogevm.stores._embedded.reader import active, blocks, milliseconds
from scroogevm.stores._embedded.rows import Found, recorded
from scroogevm.stores._embedded.writer import StoreWriter
from scroogevm.stores._upkeep import Outline


class StoreAccess:
    """Reads and writes; threads take turns, one at each.

    Args:
        folder: of the store.
        synced: whether a write waits for the disk.
        retention: days after which samples may go; 0 for never.
    """

    def __init__(self, folder: Path, *, synced: bool, retention: float) -> None:
        self.folder = folder
        self._synced = synced
        self._retention = retention
        self._writer: StoreWriter | None = None
        self._reader: Database | None = None
        self._layouts = Layouts()
        self._file: tuple[int, int] | None = None
        self._writing = Lock()
        self._reading = Lock()

    def write(self, samples: Sequence[Sample]) -> None:
        """Keep samples."""
        with self._writing:
            if self._writer is None:
                self._writer = StoreWriter(
                    self.folder, synced=self._synced, retention=self._retention
                )
            if not self._writer.displaced:
                self._writer.write(samples)
            if self._writer.displaced:
                self._writer.close()
                self._writer = None
                raise StoreError(
                    "was removed or replaced during a write",
                    where=str(self.folder),
                    remedy="the next write opens the new store, or creates one",
                    temporary=True,
                )

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """Names of the nodes with a sample in that time, sorted."""
        with self.moment() as database:
            names = node_names(database.connection)
            found = active(database.connection, self._layouts, names, since, until)
            return sorted(names[number] for number in found)

    def read(
        self, nodes: Sequence[str], since: float, until: float, quantities: Sequence[str]
    ) -> Recorded:
        """The samples of some nodes in some time."""
        quantities, span = list(dict.fromkeys(quantities)), (since, until)
        found = []
        with self.moment() as database:
            names = node_names(database.connection)
            numbers = {name: number for number, name in names.items()}
            wanted = sorted(set(nodes) & numbers.keys())
            kept = blocks(
                database.connection,
                self._layouts,
                [numbers[name] for name in wanted],
                span,
                quantities,
            )
            for name in wanted:
                with _of(name):
                    parts = next(kept)
                if parts:
                    found.append(Found(name, parts))
            return recorded(found, quantities)

    def outlines(self, since: float, until: float) -> Iterator[Outline]:
        """When each node was seen, one node at a time, so that readers can read in between."""
        with self.moment() as database:
            names = {name: number for number, name in node_names(database.connection).items()}
        for name in sorted(names):
            with self.moment() as database, _of(name):
                (kept,) = blocks(
                    database.connection, self._layouts, [names[name]], (since, until), ()
                )
            if kept:
                found = Found(name, kept)
                yield Outline(name, found.times, len(found.vms))

    def check(self, *, repair: bool) -> Iterator[str]:
        """The damaged parts; with ``repair`` they are removed."""
        if not repair:
            with self.moment() as database:
                found = list(faults(database.connection, node_names(database.connection)))
            yield from (text for text, _, _ in found)
            return
        with self._upkeep() as (database, alone), database.transaction() as connection:
            if not alone:  # it would put something else where the damage was
                raise StoreError(
                    "is being written",
                    where=str(self.folder),
                    remedy="stop the writer before a repair",
                    temporary=True,
                )
            found = list(faults(connection, node_names(connection)))
            for _, table, number in found:
                remove(connection, table, number)
        yield from (text if table else f"{text} (stays)" for text, table, _ in found)

    def prune(self, before: float) -> int:
        """Remove older samples; another writer may continue."""
        with self._upkeep() as (database, alone):
            return prune(database, milliseconds(before, 0), alone=alone)

    @contextmanager
    def _upkeep(self) -> Iterator[tuple[Database, bool]]:
        """The store opened for writing, and whether this process is the only writer."""
        open_reader(self.folder).connection.close()  # there must be one
        with self._writing, ExitStack() as stack:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            try:
                lock = WriterLock(self.folder / LOCK)
                stack.callback(lock.close)
            except (StoreError, OSError):
                lock = None
            database = open_writer(self.folder, synced=True)
            stack.callback(database.connection.close)
            yield database, lock is not None

    @contextmanager
    def moment(self) -> Iterator[Database]:
        """The store as it is at one moment, for one thread.

        Raises:
            StoreError: it cannot be read, or is damaged.
        """
        with self._reading:
            found = identity(self.folder / FILE)
            if self._reader is not None and self._file != found:
                self._reader.connection.close()  # its file was removed or replaced
                self._reader = None
            if self._reader is None:
                self._reader = open_reader(self.folder)
                self._layouts, self._file = Layouts(), found
            try:
                with self._reader.transaction("DEFERRED"):
                    yield self._reader
                if self._reader.still is not None:
                    self._leave(self._reader.still)
            except DamagedError as error:
                raise StoreError(
                    str(error),
                    where=str(self.folder),
                    remedy="`scroogevm store check` lists what is damaged, and can remove it",
                ) from None
            except StoreError:
                if self._reader is not None:
                    self._reader.connection.close()
                self._reader = None
                raise

    def _leave(self, still: Still) -> None:
        """Close a file that was opened as unchangeable.

        Raises:
            StoreError: another process has begun to write it.
        """
        if self._reader is not None:
            self._reader.connection.close()
        self._reader = None
        if (self.folder / f"{FILE}-wal").exists() or still != Still.of(self.folder):
            raise StoreError(
                "a writer started during the read",
                where=str(self.folder),
                remedy="try again",
                temporary=True,
            )

    def close(self) -> None:
        """Close all that is open."""
        with self._writing, self._reading:
            if self._reader is not None:
                self._reader.connection.close()
            if self._writer is not None:
                self._writer.close()
            self._reader = self._writer = None


@contextmanager
def _of(node: str) -> Iterator[None]:
    """Name the node of damaged data."""
    try:
        yield
    except DamagedError as error:
        raise DamagedError(f"node {node!r}: {error}") from None
