"""The journal of writes: the state before and after, stored before sending; then the answer.

A rollback needs nothing else. Where it is lost nothing is written until nodes are adopted again.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple

from scroogevm.errors import MisuseError
from scroogevm.journal.database import JournalFile
from scroogevm.openstack.memory import Key, Memory, Replaced, Start
from scroogevm.openstack.records import InventoryRecord, Provider

VERSION = "1"
NAME = "placement.sqlite"
_SCHEMA = files("scroogevm.openstack").joinpath("schema.sql")

Purpose = Literal["offer", "rollback", "start"]
Outcome = Literal["written", "conflict", "refused", "lost"]
"""``written``: it is in Placement. ``conflict``, ``refused``: it is not, and somebody else wrote
meanwhile, or Placement said no. ``lost``: it never arrived."""


class Write(NamedTuple):
    """One PUT.

    Attributes:
        id: grows by time.
        time: when it was about to be sent, seconds since 1970.
        uuid: of the provider.
        node: its name in the telemetry.
        provider: its name in Placement.
        purpose: what for.
        reason: why, in plain words.
        before: every inventory as it was.
        after: every inventory as it shall be.
        answer: its result; None while unknown.
        detail: what Placement said.
        answered: when that was known.
    """

    id: int
    time: float
    uuid: str
    node: str
    provider: str
    purpose: Purpose
    reason: str
    before: Mapping[str, InventoryRecord]
    after: Mapping[str, InventoryRecord]
    answer: Outcome | None = None
    detail: str = ""
    answered: float | None = None

    def ratios(self) -> Mapping[str, tuple[float, float]]:
        """Ratios before and after, of classes whose ratio changes."""
        pairs = {
            kind: (float(self.before[kind]["allocation_ratio"]), float(one["allocation_ratio"]))
            for kind, one in self.after.items()
        }
        return {kind: pair for kind, pair in pairs.items() if pair[0] != pair[1]}


class WriteJournal(AbstractContextManager["WriteJournal"]):
    """The journal of one cloud.

    Args:
        path: the file; it is created if it does not exist.
        alone: whether this process writes; else it only looks.

    Raises:
        MisuseError: another process writes it, it is not a journal, or has another version.
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path, *, alone: bool = True) -> None:
        self.path = path
        self._file = JournalFile(path, _SCHEMA.read_text(encoding="utf-8"), VERSION, alone=alone)
        self._db = self._file.connection

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def belongs(self, cloud: str) -> None:
        """Refuse the journal of another cloud.

        Raises:
            MisuseError: it is.
        """
        known = self._setting("cloud")
        if known is not None and known != cloud:
            raise MisuseError(
                f"is the journal of {known}, not of {cloud}",
                where=str(self.path),
                remedy="choose another --data directory for another cloud or region",
            )

    def adopt(
        self, cloud: str, nodes: Mapping[str, Provider], kinds: Sequence[str], now: float
    ) -> Sequence[str]:
        """Keep inventories as they are as the start of nodes that have none, and lift stops.

        Args:
            cloud: whose they are.
            nodes: providers by node.
            kinds: classes to keep.
            now: seconds since 1970.

        Returns:
            Nodes for which something was kept or lifted.
        """
        changed = []
        with self._file.writing():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('cloud', ?)", (cloud,))
            for node, one in nodes.items():
                some = 0
                for kind in kinds:
                    if kind not in one.inventories:
                        continue
                    record = _text(one.inventories[kind].record)
                    row = (one.uuid, kind, node, one.name, record, now)
                    some += self._db.execute(
                        "INSERT OR IGNORE INTO starts VALUES (?, ?, ?, ?, ?, ?)", row
                    ).rowcount
                    lifted = self._db.execute(
                        "DELETE FROM stops WHERE uuid = ? AND kind = ?", (one.uuid, kind)
                    ).rowcount
                    if lifted:
                        self._db.execute(
                            "UPDATE written SET ratio = ? WHERE uuid = ? AND kind = ?",
                            (one.inventories[kind].ratio, one.uuid, kind),
                        )
                    some += lifted
                if some:
                    changed.append(node)
        return changed

    def begin(  # noqa: D417  # the others are those of Write
        self,
        provider: Provider,
        after: Mapping[str, InventoryRecord],
        *,
        node: str,
        purpose: Purpose,
        reason: str,
        now: float,
    ) -> int:
        """Keep that a PUT is about to be sent; its number. It is on the disk then.

        Args:
            provider: as it is.
            after: every inventory as it shall be.
            now: seconds since 1970.
        """
        with self._file.writing():
            row = self._db.execute(
                "INSERT INTO writes (time, uuid, node, provider, purpose, reason, before, after) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    now,
                    provider.uuid,
                    node,
                    provider.name,
                    purpose,
                    reason,
                    _text(provider.records()),
                    _text(after),
                ),
            )
            return int(row.lastrowid or 0)

    def answer(self, number: int, answer: Outcome, detail: str, now: float) -> None:
        """Keep what came of a PUT."""
        (write,) = self._writes("WHERE id = ?", number)
        with self._file.writing():
            self._db.execute(
                "UPDATE writes SET answer = ?, detail = ?, answered = ? WHERE id = ?",
                (answer, detail, now, number),
            )
            if answer != "written":
                return
            for kind, (before, ratio) in write.ratios().items():
                self._db.execute(
                    "INSERT INTO replaced VALUES (?, ?, ?, 0) ON CONFLICT DO UPDATE "
                    "SET ratio = excluded.ratio",
                    (write.uuid, kind, before),
                )
                self._db.execute(
                    "INSERT INTO written VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
                    "SET ratio = excluded.ratio, node = excluded.node, last = excluded.last",
                    (write.uuid, kind, write.node, ratio, now, now),
                )

    def put_back(self, key: Key, ratio: float, now: float) -> None:
        """Keep that a ratio is there again which the last write replaced."""
        with self._file.writing():
            self._db.execute(
                "UPDATE replaced SET put_back = ? WHERE uuid = ? AND kind = ?", (now, *key)
            )
            self._db.execute(
                "UPDATE written SET ratio = ? WHERE uuid = ? AND kind = ?", (ratio, *key)
            )

    def stop(self, key: Key, node: str, why: str, now: float) -> None:
        """Write nothing more there, until it is adopted again."""
        with self._file.writing():
            self._db.execute(
                "INSERT OR IGNORE INTO stops VALUES (?, ?, ?, ?, ?)", (*key, node, why, now)
            )

    def memory(self) -> Memory:
        """What is known, for the plan."""
        with self._file.reading():
            starts = self._db.execute(
                "SELECT uuid, kind, node, provider, record, time FROM starts"
            ).fetchall()
            written = self._db.execute(
                "SELECT uuid, kind, node, ratio, first, last FROM written"
            ).fetchall()
            replaced = self._db.execute(
                "SELECT uuid, kind, ratio, put_back FROM replaced"
            ).fetchall()
            stops = self._db.execute("SELECT uuid, kind, why FROM stops").fetchall()
            (newest,) = self._db.execute("SELECT max(time) FROM writes").fetchone()
        recent: dict[str, tuple[float, float]] = {}
        for _, _, node, _, first, last in written:
            begin, end = recent.get(node, (first, last))
            recent[node] = (min(begin, first), max(end, last))
        return Memory(
            starts={
                (uuid, kind): Start(node, provider, json.loads(record), time)
                for uuid, kind, node, provider, record, time in starts
            },
            written={(uuid, kind): ratio for uuid, kind, _, ratio, _, _ in written},
            replaced={(uuid, kind): Replaced(*ratio) for uuid, kind, *ratio in replaced},
            stops={(uuid, kind): why for uuid, kind, why in stops},
            recent=recent,
            newest=newest or 0.0,
        )

    def open_writes(self) -> Sequence[Write]:
        """PUTs with an unknown result, in order."""
        return self._writes("WHERE answer IS NULL")

    def log(
        self, since: float = 0.0, node: str | None = None, limit: int = 1000
    ) -> Sequence[Write]:
        """The newest PUTs since a time, in order."""
        some = self._writes(
            "WHERE time >= ? AND (? IS NULL OR node = ?) ", since, node, node, newest=limit
        )
        return some[::-1]

    def ratios_at(self, time: float) -> Mapping[Key, float]:
        """The ratio that each adopted inventory had at a time: what was written, or the start."""
        found = {key: start.ratio for key, start in self.memory().starts.items()}
        for write in self._writes("WHERE answer = 'written' AND time <= ?", time):
            for kind, (_, after) in write.ratios().items():
                if (write.uuid, kind) in found:
                    found[write.uuid, kind] = after
        return found

    def _setting(self, key: str) -> str | None:
        with self._file.reading():
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def _writes(self, where: str, *values: object, newest: int | None = None) -> Sequence[Write]:
        order = f"ORDER BY id DESC LIMIT {newest}" if newest is not None else "ORDER BY id"
        query = (
            "SELECT id, time, uuid, node, provider, purpose, reason, before, after, answer, "  # noqa: S608
            f"detail, answered FROM writes {where} {order}"
        )
        with self._file.reading():
            rows = self._db.execute(query, values).fetchall()
        return [
            Write._make([*row[:7], json.loads(row[7]), json.loads(row[8]), *row[9:]])
            for row in rows
        ]


def _text(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
