"""Builds collectors from their settings."""

import asyncio
import os
from collections.abc import Callable, Sequence

from scroogevm.collect.buffer import Buffered
from scroogevm.collect.dry_run import NodeCheck, look
from scroogevm.collect.run import collect as run_collector
from scroogevm.collect.settings import DEFAULT_BUFFER, CollectSettings
from scroogevm.collect.speaker import Say
from scroogevm.collect.target import Nodes
from scroogevm.errors import MisuseError
from scroogevm.ports import Store
from scroogevm.stores import open_store
from scroogevm.stores._upkeep import Maintainable

__all__ = ["NodeCheck", "buffered", "collect", "look_once", "store_options", "writable"]


def collect(settings: CollectSettings, reread: Callable[[], Nodes], say: Say) -> None:
    """Scrape exporters into a store until told to end.

    Args:
        settings: checked already.
        reread: gives the targets as they are written now.
        say: says a line.

    Raises:
        MisuseError: the store, or what TLS needs, makes no sense.
        StoreError: an embedded store cannot be written, or another process writes it.
        OutputError: own metrics cannot be served.
    """
    store = buffered(settings, writable(settings, settings.place))
    asyncio.run(run_collector(settings, settings.asked.nodes(), store, reread, say))


def look_once(settings: CollectSettings) -> Sequence[NodeCheck]:
    """Scrape every node a few times, and keep nothing: what each says.

    Args:
        settings: checked already.
    """
    return asyncio.run(look(settings, settings.asked.nodes()))


def writable(settings: CollectSettings, place: str) -> Store:
    """The store that samples go to.

    Raises:
        MisuseError: it is only read.
    """
    store = open_store(place, store_options(settings))
    if not store.writable:
        raise MisuseError("does not accept samples, it can only be read", where=place)
    return store


def buffered(settings: CollectSettings, store: Store, real: Store | None = None) -> Store:
    """The store behind the folder where samples wait for it, where it needs one.

    Args:
        settings: of the collector.
        store: what samples are handed to.
        real: the store itself, where that only stands before it.
    """
    maintained = isinstance(real or store, Maintainable)
    folder = settings.buffer or (None if maintained else DEFAULT_BUFFER)
    if folder is not None:
        return Buffered(store, folder, settings.buffer_limit)
    store.write([])  # where nothing can wait, a folder that cannot be written ends it at once
    return store


def store_options(settings: CollectSettings) -> Sequence[str]:
    """Those given, and the predecessor's token, handed over as a file that lies on no disk."""
    token = "" if settings.store else settings.asked.predecessor().token
    own = {option.partition("=")[0].replace("-", "_") for option in settings.store_options}
    if not token or own & {"user", "token_file"}:
        return settings.store_options
    handle = os.memfd_create("token")
    os.write(handle, token.encode())
    return (*settings.store_options, f"token_file=/proc/self/fd/{handle}")
