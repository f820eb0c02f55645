"""Rows of one owner, and how the rows of all owners are joined."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.samples import Rows


class OwnerRows(NamedTuple):
    """Rows of one owner.

    Attributes:
        time: (rows,), strictly ascending.
        values: (rows,), by name.
    """

    time: Floats
    values: Mapping[str, Floats]


def apart(rows: Rows) -> Iterable[tuple[tuple[str, ...], OwnerRows]]:
    """The rows of each owner."""
    starts = np.searchsorted(rows.owner, np.arange(len(rows.owners) + 1))
    for number, owner in enumerate(rows.owners):
        mine = slice(starts[number], starts[number + 1])
        yield owner, OwnerRows(rows.time[mine], {n: v[mine] for n, v in rows.values.items()})


def together(pieces: Mapping[tuple[str, ...], OwnerRows], names: Iterable[str]) -> Rows:
    """Rows of all owners, in order.

    Args:
        pieces: by owner.
        names: of the values; one that an owner has not is missing.
    """
    owners = sorted(pieces)
    if not owners:
        return Rows.none(names)
    parts = [pieces[owner] for owner in owners]
    sizes = [part.time.size for part in parts]
    missing = {size: np.full(size, np.nan) for size in set(sizes)}
    return Rows(
        owners,
        np.repeat(np.arange(len(owners)), sizes),
        np.concatenate([part.time for part in parts]),
        {
            name: np.concatenate([p.values.get(name, missing[p.time.size]) for p in parts])
            for name in names
        },
    )
