"""Opens stores of samples."""

from collections.abc import Iterable
from typing import Any

from scroogevm.errors import MisuseError
from scroogevm.stores import open_store
from scroogevm.stores._upkeep import Maintainable, Outline, outlines

__all__ = ["Maintainable", "Outline", "open_kept", "open_store", "outlines"]


def open_kept(store: str, options: Iterable[str]) -> Any:
    """A store that is ``Maintainable``: its files are ours.

    Args:
        store: ``KIND:LOCATION``.
        options: its parameters, as ``KEY=VALUE``.

    Raises:
        MisuseError: it looks after itself.
    """
    opened = open_store(store, tuple(options))
    if not isinstance(opened, Maintainable):
        opened.close()
        raise MisuseError(
            "manages its own files", where=store, remedy="use the tools of that server"
        )
    return opened
