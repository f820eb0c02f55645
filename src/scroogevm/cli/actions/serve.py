"""``scroogevm serve``: the estimator as a service."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli._words import options_in
from scroogevm.cli.actions._ballooning import settings_of as balloon_settings
from scroogevm.cli.actions._output import remark
from scroogevm.cli.actions._placing import client_of, rules_of
from scroogevm.cli.actions._scraping import collect_settings, reread, written
from scroogevm.cli.balloon import command as balloon
from scroogevm.cli.placement import command as placement
from scroogevm.collect.env import read_env
from scroogevm.core.duration import seconds
from scroogevm.errors import MisuseError
from scroogevm.openstack.sink import PlacementPlace
from scroogevm.secret import read_secret
from scroogevm.service.demo import INTERVAL, PAST, SCOPE
from scroogevm.service.settings import GroupSettings, ServeSettings
from scroogevm.wiring.serve import other_sinks, serve, web_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scroogevm.balloon.settings import BalloonSettings
    from scroogevm.sinks.sink import OfferSink
    from scroogevm.web.server import WebSettings

_GROUP = ("strategy", "shadows", "guards", "without", "locked")


def command(context: click.Context, /, **options: Any) -> None:
    """Scrape nodes, judge each window, and publish how much of each node is free."""
    if options["env"] is not None:
        options |= _of_the_predecessor(context, options["env"])
    if options["demo"] is not None:
        options |= _for_a_demo(context)
    settings = settings_of(options)
    settings.check()
    collecting = collect_settings(options)
    scraped = bool(
        collecting.asked.words
        or collecting.asked.tables
        or collecting.asked.targets_file
        or collecting.asked.env
    )
    if scraped:
        collecting.check()

    def again() -> Any:
        nodes = reread(context, collecting.asked).nodes() if scraped else {}
        return nodes, settings_of({**options, **_written_now(context)}).plans()

    serve(
        settings,
        collecting,
        again,
        remark,
        _web(options),
        scraped=scraped,
        demo=options["demo"] or 0,
        place=_place(context, options["data"]),
        ballooning=_ballooning(context, options["data"]),
        others=_others(options),
    )


def _others(options: dict[str, Any]) -> "Sequence[OfferSink]":
    """Further sinks that were asked for.

    Raises:
        MisuseError: something of them makes no sense.
    """
    words: list[str] = []
    if options["offer_command"] is not None:
        try:
            words = shlex.split(options["offer_command"])
        except ValueError as error:
            raise MisuseError(f"is not a command: {error}", where="--offer-command") from None
        if not words:
            raise MisuseError("is empty", where="--offer-command")
    path = options["webhook_secret"]
    secret = b""
    if options["webhook"] is not None and path is not None:
        secret = read_secret(path, where=f"--webhook-secret {path}").encode()
    return other_sinks(words, options["webhook"], secret)


def _place(context: click.Context, data: Path) -> "PlacementPlace | None":
    """OpenStack's Placement, where the settings file has a table for it.

    Raises:
        MissingExtraError: what it needs is not installed.
        MisuseError: something of it makes no sense.
    """
    root = context.find_root()
    table = (root.default_map or {}).get("placement")
    if table is None:
        return None
    _, shared = options_in(placement, root, table, data)
    with client_of(shared):
        pass  # a cloud that is not there is told before anything starts
    return PlacementPlace(
        connect=lambda: client_of(shared),
        data=shared["data"],
        rules=rules_of(shared),
        mode=shared["mode"],
        period=shared["period"],
    )


def _ballooning(context: click.Context, data: Path) -> "BalloonSettings | None":
    """The memory companion, where the settings file has a table for it.

    Raises:
        MisuseError: something of it makes no sense.
    """
    root = context.find_root()
    table = (root.default_map or {}).get("balloon")
    if table is None:
        return None
    found = balloon_settings(*options_in(balloon, root, table, data))
    found.check()
    return found


def _web(options: dict[str, Any]) -> "WebSettings | None":
    """Where pages are served; None for nowhere.

    Raises:
        MissingExtraError: what serves them is not installed.
        MisuseError: something of it makes no sense.
    """
    if options["listen"] == "none":
        return None
    names = ("listen", "tokens", "certificate", "key", "behind_proxy")
    return web_settings(**{name: options[name] for name in names})


def _written_now(context: click.Context) -> dict[str, Any]:
    """How nodes are judged by what the settings file says now, unless the command line said it.

    Raises:
        MisuseError: the file makes no sense.
    """
    context.default_map = written(context) or {}
    found = {}
    for parameter in context.command.params:
        name = str(parameter.name)
        typed = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if name in (*_GROUP, "groups") and not typed:
            value, _ = parameter.consume_value(context, {})
            found[name] = parameter.process_value(context, value)
    return found


def _for_a_demo(context: click.Context) -> dict[str, Any]:
    """What suits a fleet that is made up, where nothing else was said.

    Raises:
        MisuseError: there is something to scrape.
    """
    unsaid = click.core.ParameterSource.DEFAULT
    for name in ("words", "tables", "targets_file", "env", "store"):
        if context.params[name]:
            raise MisuseError("generates its own nodes and store", where="--demo")
    found = {"scope": SCOPE, "interval": f"{INTERVAL:g}", "settle": 2.0, "warm_up": PAST}
    return {name: v for name, v in found.items() if context.get_parameter_source(name) is unsaid}


def _of_the_predecessor(context: click.Context, path: Path) -> dict[str, Any]:
    """What its settings say of scopes, where nothing else was said here."""
    env, unsaid = read_env(path), click.core.ParameterSource.DEFAULT
    found = {"scope": env.scope, "slice": env.slice, "history": env.history}
    return {
        name: value
        for name, value in found.items()
        if value is not None and context.get_parameter_source(name) is unsaid
    }


def settings_of(options: dict[str, Any]) -> "ServeSettings":
    """The settings that these options make."""
    interval = options["interval"]
    return ServeSettings(
        data=options["data"],
        scope=options["scope"],
        slice=options["slice"],
        history=options["history"],
        coverage=options["coverage"],
        every=GroupSettings(**{key: options[key] for key in _GROUP}),
        groups=options["groups"],
        interval=None if interval is None else seconds(interval),
        settle=options["settle"],
        grace=options["grace"],
        warm_up=options["warm_up"],
        forget=options["forget"],
        keep=options["keep"],
        node_series=options["node_series"],
    )
