"""The journal of the companion: which VMs it shrank, and their sizes before."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from scroogevm.journal.database import JournalFile

VERSION = "1"
NAME = "balloon.sqlite"
_SCHEMA = files("scroogevm.balloon").joinpath("schema.sql")


class Held(NamedTuple):
    """A VM that is smaller than it was, or may be.

    Attributes:
        node: that it is on.
        uuid: of the VM.
        name: as libvirt has it.
        run: libvirt's number of it while it runs.
        spent: seconds of cpu that this run had used by then: a later run begins anew.
        original: MiB before it was first shrunk.
        before: MiB when it was last asked.
        asked: MiB that it was last asked to be.
        time: when, seconds since 1970.
        reached: whether it was seen to be as asked.
        taken: whether somebody else changed it since.
    """

    node: str
    uuid: str
    name: str
    run: int
    spent: float
    original: float
    before: float
    asked: float
    time: float
    reached: bool = False
    taken: bool = False


@dataclass(frozen=True)
class Acted:
    """Something that was asked of a balloon.

    Attributes:
        time: when, seconds since 1970.
        node: of the VM.
        uuid: of the VM.
        name: of the VM.
        act: what was done.
        before: MiB that it had.
        after: MiB that it was asked to be.
        reason: why, in plain words.
    """

    time: float
    node: str
    uuid: str
    name: str
    act: str
    before: float
    after: float
    reason: str


class BalloonJournal(AbstractContextManager["BalloonJournal"]):
    """The journal of one companion.

    Args:
        path: the file; it is created if it does not exist.
        alone: whether this process writes; else it only looks.

    Attributes:
        owner: name of the writer, always the same; empty before the first write.

    Raises:
        MisuseError: another process writes it, it is not a journal, or has another version.
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path, *, alone: bool = True) -> None:
        self.path = path
        self._file = JournalFile(path, _SCHEMA.read_text(encoding="utf-8"), VERSION, alone=alone)
        self._db = self._file.connection
        if alone:
            with self._file.writing():
                self._db.execute("INSERT OR IGNORE INTO meta VALUES ('owner', ?)", (str(uuid4()),))
        with self._file.reading():
            found = self._db.execute("SELECT value FROM meta WHERE key = 'owner'").fetchone()
        self.owner = str(found[0]) if found else ""

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def held(self, node: str | None = None) -> Mapping[tuple[str, str], Held]:
        """What is held, by node and uuid."""
        with self._file.reading():
            rows = self._db.execute(
                "SELECT * FROM held WHERE ?1 IS NULL OR node = ?1 ORDER BY node, name", (node,)
            ).fetchall()
        every = [Held._make((*row[:9], bool(row[9]), bool(row[10]))) for row in rows]
        return {(one.node, one.uuid): one for one in every}

    def keep(self, held: Iterable[Held], acts: Iterable[Acted] = ()) -> None:
        """Keep these; they are on the disk then."""
        with self._file.writing():
            self._db.executemany(
                "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", list(held)
            )
            self._db.executemany(
                "INSERT INTO acts (time, node, uuid, name, act, before, after, reason) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [tuple(vars(one).values()) for one in acts],
            )

    def drop(self, held: Iterable[Held]) -> None:
        """Forget VMs that are as they were, or gone."""
        with self._file.writing():
            keys = [(one.node, one.uuid) for one in held]
            self._db.executemany("DELETE FROM held WHERE node = ? AND uuid = ?", keys)

    def acts(self, since: float = 0.0, limit: int = 1000) -> Sequence[Acted]:
        """The newest acts since a time, in order."""
        with self._file.reading():
            rows = self._db.execute(
                "SELECT time, node, uuid, name, act, before, after, reason FROM acts "
                "WHERE time >= ? ORDER BY id DESC LIMIT ?",
                (since, limit),
            ).fetchall()
        return [Acted(*row) for row in reversed(rows)]

    def forget(self, before: float) -> None:
        """Drop acts that are older."""
        with self._file.writing():
            self._db.execute("DELETE FROM acts WHERE time < ?", (before,))
