"""The journal file: opened by one writing process, read by many."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from scroogevm.journal.arrays import Array, pack, unpack
from scroogevm.journal.database import JournalFile
from scroogevm.offers.status import NodeHold

VERSION = "1"
MOST_WINDOWS = 5000
"""That are given at once."""
Arrays = Mapping[str, Array]
_SCHEMA = files("scroogevm.journal").joinpath("schema.sql")


class Event(NamedTuple):
    """Something that happened.

    Attributes:
        id: grows by time; 0 before it is kept.
        time: seconds since 1970.
        kind: ``state``, ``hold``, ``config``, ``sink``, ``late``, ``skipped``, ``start``, ``stop``.
        node: whom it is about; empty for the service.
        text: one sentence.
    """

    id: int
    time: float
    kind: str
    node: str
    text: str


@dataclass(frozen=True)
class Commit:
    """What one window leaves behind: all of it is kept, or nothing.

    Attributes:
        number: of the window, counted since 1970.
        end: when it closed, seconds since 1970.
        judged_at: when it was judged.
        state: everything that judging the next window needs, as arrays by place and name. A place
            that is absent stays as it was; see ``dropped``.
        dropped: places that are no more.
        status: what is told, as the status file has it; None if there is none.
        history: the numbers of each node, by place and name.
        nodes: names of the nodes of each place of the history.
        days: totals of the ledger, by day, place and name.
        events: that happened.
        note: on the window, such as why it was skipped.
    """

    number: int
    end: float
    judged_at: float
    state: Mapping[str, Arrays]
    dropped: Sequence[str] = ()
    status: str | None = None
    history: Mapping[str, Arrays] = field(default_factory=dict)
    nodes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    days: Mapping[tuple[int, str], Arrays] = field(default_factory=dict)
    events: Sequence[Event] = ()
    note: str = ""


class Journal(AbstractContextManager["Journal"]):
    """What the service must not forget.

    One process writes it at a time. A window is committed in one transaction that is on the disk
    when ``commit`` returns; a process that is killed leaves the state of the window before.

    Args:
        path: the file; it is created if it does not exist.

    Raises:
        MisuseError: another process writes it, it is not a journal, or has another version.
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = JournalFile(path, _SCHEMA.read_text(encoding="utf-8"), VERSION)
        self._db = self._file.connection
        self._reading, self._writing = self._file.reading, self._file.writing

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    @property
    def last(self) -> int | None:
        """Number of the newest window that was committed; None before the first one."""
        found: int | None = self._one("SELECT max(number) FROM windows")
        return found

    @property
    def status(self) -> str | None:
        """The last published status, as in the status file."""
        found: str | None = self._one("SELECT value FROM meta WHERE key = 'status'")
        return found

    def state(self) -> Mapping[str, dict[str, Array]]:
        """What was remembered with the newest window, by place and name."""
        found: dict[str, dict[str, Array]] = {}
        rows = "SELECT place, name, data FROM state JOIN blobs USING (digest) ORDER BY place"
        with self._reading(), closing(self._db.execute(rows)) as cursor:
            for place, name, data in cursor:
                found.setdefault(place, {})[name] = unpack(data)
        return found

    def commit(self, made: Commit) -> Sequence[Event]:
        """Keep what a window left behind; its events, with their numbers.

        Raises:
            OutputError: it could not be kept, and nothing of it was.
        """
        with self._writing():
            self._db.execute(
                "INSERT INTO windows VALUES (?, ?, ?, ?)",
                (made.number, made.end, made.judged_at, made.note),
            )
            self._keep_state(made)
            if made.status is not None:
                self._put("status", made.status)
            self._db.executemany(
                "INSERT INTO history VALUES (?, ?, ?, ?)",
                [
                    (made.number, place, name, pack(array).data)
                    for place, arrays in made.history.items()
                    for name, array in arrays.items()
                ],
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO places VALUES (?, ?)",
                [(node, place) for place, nodes in made.nodes.items() for node in nodes],
            )
            self._keep_days(made)
            return self._keep_events(made.events)

    def forget(self, windows_before: float, days_before: int, events_before: float) -> None:
        """Drop what is older, by end of a window, number of a day, time of an event."""
        with self._writing():
            self._db.execute(
                "DELETE FROM history WHERE number IN (SELECT number FROM windows WHERE end < ?)",
                (windows_before,),
            )
            self._db.execute("DELETE FROM days WHERE day < ?", (days_before,))
            self._db.execute("DELETE FROM events WHERE time < ?", (events_before,))
            self._db.execute(
                "DELETE FROM windows WHERE end < ? AND number < (SELECT max(number) FROM windows)",
                (windows_before,),
            )

    def note(self, events: Sequence[Event]) -> Sequence[Event]:
        """Keep what happened between windows; the events with their numbers."""
        with self._writing():
            return self._keep_events(events)

    def events(self, after: int = 0, limit: int = 1000, *, newest: bool = False) -> Sequence[Event]:
        """Events with greater numbers, in order.

        Args:
            after: number of the last one that is known.
            limit: how many at most.
            newest: the newest ones, where there are more than the limit.
        """
        order = "DESC" if newest else "ASC"
        rows = f"SELECT * FROM events WHERE id > ? ORDER BY id {order} LIMIT ?"  # noqa: S608
        with self._reading():
            found = [Event(*row) for row in self._db.execute(rows, (after, limit))]
        return found[::-1] if newest else found

    def history(
        self, places: Sequence[str], since: float, until: float
    ) -> Iterator[tuple[float, str, dict[str, Array]]]:
        """The numbers of places in windows that end in a time, in order: end, place, arrays.

        Of more than ``MOST_WINDOWS``, the newest.
        """
        marks = ", ".join("?" * len(places))
        query = (
            "SELECT end, place, name, data FROM windows JOIN history USING (number) "  # noqa: S608
            f"WHERE number IN (SELECT number FROM windows WHERE end >= ? AND end < ? "
            f"ORDER BY number DESC LIMIT {MOST_WINDOWS}) AND place IN ({marks}) "
            "ORDER BY number, place"
        )
        with self._reading():
            rows = self._db.execute(query, (since, until, *places)).fetchall()
        at: tuple[float, str] | None = None
        arrays: dict[str, Array] = {}
        for end, place, name, data in rows:
            if at is not None and at != (end, place):
                yield *at, arrays
                arrays = {}
            at = (end, place)
            arrays[name] = unpack(data)
        if at is not None:
            yield *at, arrays

    def places(self, node: str) -> Sequence[str]:
        """Places in which the numbers of a node have ever been."""
        with self._reading():
            rows = self._db.execute("SELECT place FROM places WHERE node = ?", (node,))
            return [place for (place,) in rows]

    def days(self, since: int, until: int) -> Mapping[str, dict[str, Array]]:
        """Totals of the ledger by place, of days in ``since <= day < until``."""
        query = "SELECT place, name, data FROM days WHERE day >= ? AND day < ? ORDER BY place, day"
        with self._reading():
            rows = self._db.execute(query, (since, until)).fetchall()
        found: dict[str, dict[str, Array]] = {}
        for place, name, data in rows:
            found.setdefault(place, {})[name] = unpack(data)
        return found

    def day_numbers(self, since: int, until: int) -> Sequence[int]:
        """Days in ``since <= day < until`` that have totals, in order."""
        query = "SELECT DISTINCT day FROM days WHERE day >= ? AND day < ? ORDER BY day"
        with self._reading():
            return [day for (day,) in self._db.execute(query, (since, until))]

    def windows(self, since: float, until: float) -> Sequence[tuple[int, float, float, str]]:
        """Number, end, time of judging and note of windows that end in a time."""
        query = "SELECT * FROM windows WHERE end >= ? AND end < ? ORDER BY number"
        with self._reading():
            return self._db.execute(query, (since, until)).fetchall()

    def hold(self, node: str, hold: NodeHold) -> None:
        """Keep that an operator froze a node."""
        with self._writing():
            row = (node, hold.since, hold.by, hold.note, json.dumps(dict(hold.free)))
            self._db.execute("INSERT OR REPLACE INTO holds VALUES (?, ?, ?, ?, ?)", row)

    def unhold(self, node: str) -> bool:
        """Remove a freeze; returns whether there was one."""
        with self._writing():
            return self._db.execute("DELETE FROM holds WHERE node = ?", (node,)).rowcount > 0

    @property
    def holds(self) -> Mapping[str, NodeHold]:
        """Freezes by node."""
        with self._reading():
            rows = self._db.execute("SELECT node, by, since, note, free FROM holds ORDER BY node")
            return {
                node: NodeHold(by, since, note, json.loads(free))
                for node, by, since, note, free in rows
            }

    def setting(self, key: str) -> str | None:
        """A setting that has to stay as it is while the journal lives."""
        found: str | None = self._one("SELECT value FROM meta WHERE key = ?", key)
        return found

    def keep_setting(self, key: str, value: str) -> None:
        """Keep it."""
        with self._writing():
            self._put(key, value)

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        parts = [self.path, self.path.with_name(f"{self.path.name}-wal")]
        return sum(part.stat().st_size for part in parts if part.exists())

    def _keep_state(self, made: Commit) -> None:
        for place in (*made.state, *made.dropped):
            self._db.execute("DELETE FROM state WHERE place = ?", (place,))
        known = {digest for (digest,) in self._db.execute("SELECT digest FROM blobs")}
        for place, arrays in made.state.items():
            for name, array in arrays.items():
                packed = pack(array)
                if packed.digest not in known:
                    known.add(packed.digest)
                    row = (packed.digest, packed.data)
                    self._db.execute("INSERT INTO blobs VALUES (?, ?)", row)
                self._db.execute("INSERT INTO state VALUES (?, ?, ?)", (place, name, packed.digest))
        self._db.execute("DELETE FROM blobs WHERE digest NOT IN (SELECT digest FROM state)")

    def _keep_days(self, made: Commit) -> None:
        for (day, place), arrays in made.days.items():
            for name, array in arrays.items():
                packed = pack(array)
                self._db.execute(
                    "INSERT INTO days VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
                    "SET digest = excluded.digest, data = excluded.data "
                    "WHERE digest != excluded.digest",
                    (day, place, name, packed.digest, packed.data),
                )

    def _keep_events(self, events: Sequence[Event]) -> Sequence[Event]:
        kept = []
        for event in events:
            row = self._db.execute(
                "INSERT INTO events (time, kind, node, text) VALUES (?, ?, ?, ?)", event[1:]
            )
            kept.append(event._replace(id=row.lastrowid or 0))
        return kept

    def _put(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _one(self, query: str, *values: object) -> Any:
        with self._reading():
            row = self._db.execute(query, values).fetchone()
        return row[0] if row else None
