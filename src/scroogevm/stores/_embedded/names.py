"""Maps nodes and layouts to numbers in the file, with a cache."""

import sqlite3
from collections.abc import Iterable, Mapping
from functools import lru_cache

from scroogevm.stores._embedded.blob import DamagedError
from scroogevm.stores._embedded.layout import SampleLayout


def encoded(name: str) -> bytes:
    """A name as it is kept: any characters, even such as are no Unicode."""
    return name.encode("utf-8", "surrogatepass")


def node_names(connection: sqlite3.Connection) -> Mapping[int, str]:
    """Name of each node."""
    rows = connection.execute("SELECT id, name FROM node")
    return {number: _decoded(name) for number, name in rows}


def _decoded(name: bytes) -> str:
    try:
        return name.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # the name is damaged; its data can still be read
        return name.decode("utf-8", "backslashreplace")


class Layouts:
    """Layouts by their number, each unpacked once."""

    def __init__(self) -> None:
        self._read = lru_cache(maxsize=10_000)(SampleLayout.unpack)

    def load(
        self, connection: sqlite3.Connection, numbers: Iterable[int]
    ) -> dict[int, SampleLayout]:
        """The layouts of some numbers.

        Raises:
            DamagedError: the bytes are damaged.
        """
        found = {}
        for number in set(numbers):
            rows = connection.execute("SELECT content FROM layout WHERE id = ?", (number,))
            for (content,) in rows:
                found[number] = self._read(content)
            if number not in found:
                raise DamagedError(f"layout {number} is missing")
        return found


class Numbers:
    """Gives nodes and layouts their numbers, within the writer's transaction."""

    def __init__(self) -> None:
        self._nodes: dict[str, int] = {}
        self._layouts: dict[SampleLayout, int] = {}

    def forget(self) -> None:
        """Read all again: a transaction was rolled back, or numbers were removed."""
        self.__init__()  # type: ignore[misc]  # it is as it was at first

    def node(self, connection: sqlite3.Connection, name: str) -> int:
        """The number of a node, which it has from now on."""
        if name not in self._nodes:
            self._nodes[name] = _number(connection, "node", "name", encoded(name))
        return self._nodes[name]

    def layout(self, connection: sqlite3.Connection, layout: SampleLayout) -> int:
        """The number of a layout, which it has from now on."""
        number = self._layouts.get(layout)
        if number is None:
            if len(self._layouts) > 100_000:
                self._layouts.clear()
            number = _number(connection, "layout", "content", layout.pack())
            self._layouts[layout] = number
        return number


def _number(connection: sqlite3.Connection, table: str, column: str, content: bytes) -> int:
    connection.execute(
        f"INSERT OR IGNORE INTO {table} ({column}) VALUES (?)",  # noqa: S608  # our own names
        (content,),
    )
    row = connection.execute(
        f"SELECT id FROM {table} WHERE {column} = ?",  # noqa: S608  # likewise
        (content,),
    ).fetchone()
    number: int = row[0]
    return number
