"""Removes old samples in small transactions, and frees their space."""

import math

from scroogevm.stores._embedded.database import Database

SETTLED = 12
"""Number of later periods before a period counts as past."""
_PAGES = 2_000


def settled(database: Database) -> float:
    """Milliseconds since 1970 of the twelfth youngest five minutes that are packed.

    What is old is counted from here: a clock that is wrong for less than an hour makes nothing old.
    Minus infinity if there are fewer.

    Raises:
        StoreError: the store cannot be read.
    """
    with database.transaction("DEFERRED") as connection:
        row = connection.execute(
            "SELECT DISTINCT period FROM chunk ORDER BY period DESC LIMIT 1 OFFSET ?",
            (SETTLED - 1,),
        ).fetchone()
    return -math.inf if row is None else float(row[0])


def has_older(database: Database, before: int) -> bool:
    """Whether there is something to prune, without writing anything.

    Raises:
        StoreError: the store cannot be read.
    """
    with database.transaction("DEFERRED") as connection:
        (found,) = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM chunk WHERE last < ?1 AND period < ?1)"
            " OR EXISTS (SELECT 1 FROM recent WHERE time < ?1)",
            (before,),
        ).fetchone()
    return bool(found)


def prune(database: Database, before: int, *, alone: bool, at_once: int = 500) -> int:
    """Remove chunks that end, and recent samples that are, before a time.

    Args:
        database: opened for writing.
        before: milliseconds since 1970.
        at_once: chunks that are removed in one transaction, whose log needs room.
        alone: whether no other process writes, which would still use numbers that nothing uses.

    Returns:
        How many samples were removed.

    Raises:
        StoreError: not all of it was removed.
    """
    removed = 0
    while True:
        with database.transaction() as connection:
            old = connection.execute(
                "SELECT id, samples FROM chunk WHERE last < ? AND period < ? LIMIT ?",
                (before, before, at_once),
            ).fetchall()
            chunks = [(number,) for number, _ in old]
            connection.executemany("DELETE FROM part WHERE chunk = ?", chunks)
            connection.executemany("DELETE FROM chunk WHERE id = ?", chunks)
            rows = connection.execute(
                "DELETE FROM recent WHERE id IN (SELECT id FROM recent WHERE time < ? LIMIT ?)",
                (before, at_once),
            ).rowcount
            removed += int(rows) + sum(int(samples) for _, samples in old)
        if not old and not rows:
            break
    if removed and alone:
        _sweep(database)
    _shrink(database)
    return removed


def _sweep(database: Database) -> None:
    """Remove names that nothing uses any more."""
    with database.transaction() as connection:
        connection.execute(
            "DELETE FROM layout WHERE id NOT IN (SELECT layout FROM recent)"
            " AND NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.layout = layout.id)"
        )
        connection.execute(
            "DELETE FROM node WHERE id NOT IN (SELECT node FROM recent)"
            " AND NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.node = node.id)"
        )


def _shrink(database: Database) -> None:
    """Give free pages back to the system; a few are kept for the next writes."""
    while True:
        with database.transaction() as connection:
            (free,) = connection.execute("PRAGMA freelist_count").fetchone()
            if free <= _PAGES:
                return
            connection.execute(
                f"PRAGMA incremental_vacuum({min(_PAGES, free - _PAGES)})"
            ).fetchall()
