"""Builds collector, service and memory companion from their settings."""

import asyncio
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from scroogevm.collect.buffer import Buffered
from scroogevm.collect.run import collect as run_collector
from scroogevm.collect.settings import DEFAULT_BUFFER, CollectSettings
from scroogevm.collect.speaker import Say
from scroogevm.collect.target import Nodes
from scroogevm.errors import MisuseError
from scroogevm.ports import Store
from scroogevm.stores import open_store
from scroogevm.stores._upkeep import Maintainable

if TYPE_CHECKING:
    from scroogevm.balloon.fleet import BalloonFleet
    from scroogevm.balloon.settings import BalloonSettings
    from scroogevm.openstack.sink import PlacementPlace
    from scroogevm.service.plan import GroupPlan
    from scroogevm.service.settings import ServeSettings
    from scroogevm.sinks.sink import OfferSink
    from scroogevm.web.reader import LedgerRow
    from scroogevm.web.server import WebSettings


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
    store = _buffered(settings, _writable(settings, settings.place))
    asyncio.run(run_collector(settings, settings.asked.nodes(), store, reread, say))


def serve(
    settings: "ServeSettings",
    collecting: CollectSettings,
    reread: "Callable[[], tuple[Nodes, Sequence[GroupPlan]]]",
    say: Say,
    web: "WebSettings | None",
    *,
    scraped: bool,
    demo: int = 0,
    place: "PlacementPlace | None" = None,
    others: "Sequence[OfferSink]" = (),
    ballooning: "BalloonSettings | None" = None,
) -> None:
    """Scrape, judge and tell until told to end.

    Args:
        settings: checked already.
        collecting: what to scrape, and the store.
        reread: gives targets and groups as they are written now.
        say: says a line.
        web: where API and dashboard are served; None for nowhere.
        scraped: whether there is something to scrape; else others fill the store.
        demo: nodes of a fleet that is made up; 0 for none.
        place: OpenStack's Placement; None for none.
        others: further sinks.
        ballooning: the memory companion; None for none.

    Raises:
        MisuseError: the store, the data directory, or what TLS needs, makes no sense.
        StoreError: an embedded store cannot be written, or another process writes it.
        OutputError: the data directory cannot be written.
    """
    from scroogevm.service.run import serve as run_service  # noqa: PLC0415  # an extra

    own = settings.data / "store"
    if not (collecting.store or collecting.asked.predecessor().store):
        collecting = replace(collecting, store=f"embedded:{own}")
    options = _store_options(collecting)
    with (
        _writable(collecting, collecting.place)
        if scraped or demo
        else open_store(collecting.place, options)
    ) as store:
        run_service(
            settings,
            collecting if scraped else None,
            store,
            reread,
            say,
            buffered=partial(_buffered, collecting, real=store),
            web=web,
            demo=demo,
            more=lambda rows: [*others, *_placement(place, say, rows)],
            companion=None if ballooning is None else partial(balloon_fleet, ballooning),
        )


def _placement(
    place: "PlacementPlace | None", say: Say, rows: "Callable[[float], Sequence[LedgerRow]]"
) -> "Sequence[OfferSink]":
    """The sink that writes into Placement, if one was asked for."""
    if place is None:
        return ()
    from scroogevm.openstack.canary import CanaryRecord, record  # noqa: PLC0415  # an extra
    from scroogevm.openstack.sink import PlacementSink  # noqa: PLC0415  # likewise

    def ledger(nodes: Collection[str], since: float) -> CanaryRecord:
        found = rows(since)
        return record(((x.of, x.strategy, x.windows, x.violations) for x in found), nodes)

    return [PlacementSink(place, say, ledger)]


def _writable(settings: CollectSettings, place: str) -> Store:
    """The store that samples go to.

    Raises:
        MisuseError: it is only read.
    """
    store = open_store(place, _store_options(settings))
    if not store.writable:
        raise MisuseError("does not accept samples, it can only be read", where=place)
    return store


def _buffered(settings: CollectSettings, store: Store, real: Store | None = None) -> Store:
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


def _store_options(settings: CollectSettings) -> Sequence[str]:
    """Those given, and the predecessor's token, handed over as a file that lies on no disk."""
    token = "" if settings.store else settings.asked.predecessor().token
    own = {option.partition("=")[0].replace("-", "_") for option in settings.store_options}
    if not token or own & {"user", "token_file"}:
        return settings.store_options
    handle = os.memfd_create("token")
    os.write(handle, token.encode())
    return (*settings.store_options, f"token_file=/proc/self/fd/{handle}")


def balloon_fleet(settings: "BalloonSettings", say: Say) -> "BalloonFleet":
    """The memory companion of all nodes.

    Args:
        settings: checked here.
        say: says a line.

    Raises:
        MisuseError: the settings make no sense, or another companion holds a node.
        OutputError: the data directory cannot be written.
    """
    from scroogevm.balloon.fleet import BalloonFleet  # noqa: PLC0415  # an extra

    return BalloonFleet(settings, settings.check(), say)
