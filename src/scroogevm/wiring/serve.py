"""Builds the service from its settings."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from scroogevm.balloon.settings import BalloonSettings
from scroogevm.collect.settings import CollectSettings
from scroogevm.collect.speaker import Say
from scroogevm.collect.target import Nodes
from scroogevm.errors import MissingExtraError
from scroogevm.openstack.sink import PlacementPlace
from scroogevm.service.plan import GroupPlan
from scroogevm.service.run import serve as run_service
from scroogevm.service.settings import ServeSettings
from scroogevm.sinks.command import OfferCommand
from scroogevm.sinks.sink import OfferSink
from scroogevm.sinks.webhook import Webhook
from scroogevm.stores import open_store
from scroogevm.wiring.balloon import balloon_fleet
from scroogevm.wiring.collect import buffered, store_options, writable
from scroogevm.wiring.placement import placement_sink

if TYPE_CHECKING:
    from scroogevm.web.server import WebSettings


def serve(
    settings: ServeSettings,
    collecting: CollectSettings,
    reread: Callable[[], tuple[Nodes, Sequence[GroupPlan]]],
    say: Say,
    web: "WebSettings | None",
    *,
    scraped: bool,
    demo: int = 0,
    place: PlacementPlace | None = None,
    others: Sequence[OfferSink] = (),
    ballooning: BalloonSettings | None = None,
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
    own = settings.data / "store"
    if not (collecting.store or collecting.asked.predecessor().store):
        collecting = replace(collecting, store=f"embedded:{own}")
    options = store_options(collecting)
    with (
        writable(collecting, collecting.place)
        if scraped or demo
        else open_store(collecting.place, options)
    ) as store:
        run_service(
            settings,
            collecting if scraped else None,
            store,
            reread,
            say,
            buffered=partial(buffered, collecting, real=store),
            web=web,
            demo=demo,
            more=lambda rows: [
                *others,
                *([] if place is None else [placement_sink(place, say, rows)]),
            ],
            companion=None if ballooning is None else partial(balloon_fleet, ballooning),
        )


def other_sinks(words: Sequence[str], webhook: str | None, secret: bytes) -> Sequence[OfferSink]:
    """Further places where offers go.

    Args:
        words: a command that is given each status; none for no command.
        webhook: a URL that each status is posted to; None for none.
        secret: signs what is posted; empty for no signature.

    Raises:
        MisuseError: there is no such command, or the URL makes no sense.
    """
    found: list[OfferSink] = [OfferCommand(words)] if words else []
    if webhook is not None:
        found.append(Webhook(webhook, secret))
    return found


def web_settings(**options: Any) -> "WebSettings":
    """Where and how API and dashboard are served; everything is checked.

    Args:
        options: attributes of ``WebSettings``, by name.

    Raises:
        MissingExtraError: what serves them is not installed.
        MisuseError: something of it makes no sense.
    """
    try:
        from scroogevm.web.server import WebSettings  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise MissingExtraError(error.name or "fastapi", "serve", "the dashboard") from None
    found = WebSettings(**options)
    found.access()
    return found
