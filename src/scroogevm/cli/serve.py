"""``scroogevm serve``: the estimator as a service."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli._options import length
from scroogevm.cli._scraping import collect_settings, reread, scraping, written
from scroogevm.cli._tables import Tables
from scroogevm.cli._words import options_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scroogevm.balloon.settings import BalloonSettings
    from scroogevm.openstack.sink import PlacementPlace
    from scroogevm.service.settings import ServeSettings
    from scroogevm.sinks.sink import OfferSink
    from scroogevm.web.server import WebSettings

_file = click.Path(path_type=Path)
_GROUP = ("strategy", "shadows", "guards", "without", "locked")


@click.command("serve")
@click.option("--data", type=_file, default="scroogevm-data", metavar="DIR",
              help="Directory of the journal, of status.json, and of the embedded store.",
              )  # fmt: skip
@click.option("--scope", type=length, default="30m", metavar="TIME",
              help="Length of a scope; use 30s to try it out.")  # fmt: skip
@click.option("--slice", type=length, metavar="TIME", help="Length of a slice; a scope by default.")
@click.option("--history", type=int, default=3, metavar="N",
              help="Number of earlier windows kept with the new one.")  # fmt: skip
@click.option("--strategy", default="calibrated:risk=0.01", metavar="SPEC",
              help="Strategy whose demand is offered.")  # fmt: skip
@click.option("--shadow", "shadows", multiple=True, default=("greedy", "persistence"),
              metavar="SPEC", help="Strategy that is only scored, for comparison; may be repeated.",
              )  # fmt: skip
@click.option("--guard", "guards", multiple=True, metavar="SPEC",
              help="Guard with changed parameters, such as step:most=0.2; may be repeated.",
              )  # fmt: skip
@click.option("--without", multiple=True, metavar="GUARD",
              help="Guard to switch off; may be repeated.")  # fmt: skip
@click.option("--locked", multiple=True, type=click.Choice(["cpu", "mem"]),
              help="Resource that must not be oversold, such as memory on hugepages.",
              )  # fmt: skip
@click.option("--coverage", type=float, default=0.1, metavar="SHARE",
              help="Share of a window's samples a node needs for a new estimate.")  # fmt: skip
@click.option("--settle", type=length, metavar="TIME",
              help="Time from the end of a window until it is judged; two intervals, at least 5 "
                   "s, by default.")  # fmt: skip
@click.option("--grace", type=length, default="60s", metavar="TIME",
              help="How long an offer stays valid after the next one is due.")  # fmt: skip
@click.option("--warm-up", type=length, default="30d", metavar="TIME",
              help="Time span of samples in the store that is judged at the first start.",
              )  # fmt: skip
@click.option("--forget", type=length, default="7d", metavar="TIME",
              help="Time without samples after which a node is removed.")  # fmt: skip
@click.option("--keep", type=length, default="30d", metavar="TIME",
              help="How long the values of each window are kept; daily totals are kept for a year.",
              )  # fmt: skip
@click.option("--demo", type=click.IntRange(1, 10_000), metavar="NODES",
              help="Show a generated fleet with load and faults; scopes of 30 s.",
              )  # fmt: skip
@click.option("--listen", default="127.0.0.1:8765", metavar="HOST:PORT",
              help="Address of API and dashboard; none to serve nothing.")  # fmt: skip
@click.option("--tokens", type=_file, metavar="FILE",
              help="File of tokens: lines of ROLE NAME TOKEN; the role is reader or admin.",
              )  # fmt: skip
@click.option("--certificate", type=_file, metavar="PEM", help="Certificate for TLS.")
@click.option("--key", type=_file, metavar="PEM",
              help="Key of the certificate, if it is not in the same file.")  # fmt: skip
@click.option("--behind-proxy", is_flag=True, help="A proxy in front of the service does TLS.")
@click.option("--node-series/--no-node-series", default=True,
              help="Whether the service's own metrics have series of each node; many nodes give "
                   "many series.",
              )  # fmt: skip
@click.option("--offer-command", metavar="WORDS",
              help="Command that gets the offers of each window on stdin, in the format of "
                   "status.json.",
              )  # fmt: skip
@click.option("--webhook", metavar="URL", help="URL that the offers of each window are posted to.")
@click.option("--webhook-secret", type=_file, metavar="FILE",
              help="File with the secret that signs these posts.")  # fmt: skip
@scraping
@click.option("--groups", cls=Tables, multiple=True,
              help="Groups of nodes with settings of their own, each a table.")  # fmt: skip
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Scrape nodes, judge each window, and publish how much of each node is free.

    Keeps its data in DIR; status.json there has the newest offers. On SIGHUP it reads targets,
    groups, tokens and certificates again. Without a target it reads samples that others write to
    the store.
    """
    from scroogevm.cli._output import remark  # noqa: PLC0415  # on demand
    from scroogevm.wiring.online import serve  # noqa: PLC0415  # likewise

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
    found: list[OfferSink] = []
    if options["offer_command"] is not None:
        import shlex  # noqa: PLC0415  # on demand

        from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
        from scroogevm.sinks.command import OfferCommand  # noqa: PLC0415  # likewise

        try:
            words = shlex.split(options["offer_command"])
        except ValueError as error:
            raise MisuseError(f"is not a command: {error}", where="--offer-command") from None
        if not words:
            raise MisuseError("is empty", where="--offer-command")
        found.append(OfferCommand(words))
    if options["webhook"] is not None:
        from scroogevm.collect.target import password_in  # noqa: PLC0415  # on demand
        from scroogevm.sinks.webhook import Webhook  # noqa: PLC0415  # likewise

        path = options["webhook_secret"]
        secret = password_in(str(path)).encode() if path is not None else b""
        found.append(Webhook(options["webhook"], secret))
    return found


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
    from scroogevm.cli._placing import client_of, rules_of  # noqa: PLC0415  # on demand
    from scroogevm.cli.placement import command as placement  # noqa: PLC0415  # likewise
    from scroogevm.openstack.sink import PlacementPlace  # noqa: PLC0415  # likewise

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
    from scroogevm.cli._ballooning import settings_of  # noqa: PLC0415  # on demand
    from scroogevm.cli.balloon import command as balloon  # noqa: PLC0415  # likewise

    found = settings_of(*options_in(balloon, root, table, data))
    found.check()
    return found


def _web(options: dict[str, Any]) -> "WebSettings | None":
    """Where pages are served; None for nowhere.

    Raises:
        MissingExtraError: what serves them is not installed.
    """
    if options["listen"] == "none":
        return None
    from scroogevm.errors import MissingExtraError  # noqa: PLC0415  # on demand

    try:
        from scroogevm.web.server import WebSettings  # noqa: PLC0415  # likewise
    except ImportError as error:
        raise MissingExtraError(error.name or "fastapi", "serve", "the dashboard") from None
    names = ("listen", "tokens", "certificate", "key", "behind_proxy")
    found = WebSettings(**{name: options[name] for name in names})
    found.access()  # refuses before anything starts
    return found


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
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand
    from scroogevm.service.demo import INTERVAL, PAST, SCOPE  # noqa: PLC0415  # likewise

    unsaid = click.core.ParameterSource.DEFAULT
    for name in ("words", "tables", "targets_file", "env", "store"):
        if context.params[name]:
            raise MisuseError("generates its own nodes and store", where="--demo")
    found = {"scope": SCOPE, "interval": f"{INTERVAL:g}", "settle": 2.0, "warm_up": PAST}
    return {name: v for name, v in found.items() if context.get_parameter_source(name) is unsaid}


def _of_the_predecessor(context: click.Context, path: Path) -> dict[str, Any]:
    """What its settings say of scopes, where nothing else was said here."""
    from scroogevm.collect.env import read_env  # noqa: PLC0415  # on demand

    env, unsaid = read_env(path), click.core.ParameterSource.DEFAULT
    found = {"scope": env.scope, "slice": env.slice, "history": env.history}
    return {
        name: value
        for name, value in found.items()
        if value is not None and context.get_parameter_source(name) is unsaid
    }


def settings_of(options: dict[str, Any]) -> "ServeSettings":
    """The settings that these options make."""
    from scroogevm.core.duration import seconds  # noqa: PLC0415  # on demand
    from scroogevm.service.settings import GroupSettings, ServeSettings  # noqa: PLC0415  # likewise

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
