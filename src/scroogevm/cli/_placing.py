"""Options of writing to OpenStack's Placement: cloud, nodes, limits."""

from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli._options import length
from scroogevm.cli._tables import Tables

if TYPE_CHECKING:
    from scroogevm.openstack.canary import Ledger
    from scroogevm.openstack.client import PlacementClient
    from scroogevm.openstack.rules import Rules

Command = Callable[..., Any]
_POLICIES = click.Choice(["close", "keep", "start"])
_file = click.Path(path_type=Path)

_PLACING = (
    click.option("--mode", type=click.Choice(["plan", "apply"]), default="plan",
                 help="What `scroogevm serve` does with each window: only plan, or write."),
    click.option("--cloud", metavar="NAME",
                 help="Cloud of clouds.yaml; OS_CLOUD, or the other OS_*, by default."),
    click.option("--region", metavar="NAME", help="Region, where the cloud has several."),
    click.option("--data", type=_file, default="scroogevm-data", metavar="DIR",
                 help="Directory of the journal of writes, placement.sqlite."),
    click.option("--kind", "kinds", multiple=True, default=("VCPU", "MEMORY_MB"),
                 type=click.Choice(["VCPU", "MEMORY_MB"]),
                 help="Resource class whose ratio is written; may be repeated."),
    click.option("--only", "nodes", multiple=True, metavar="PATTERN",
                 help="Write only nodes like 'rack1-*'; may be repeated."),
    click.option("--canary", multiple=True, metavar="PATTERN",
                 help="Write nodes like this one first; may be repeated."),
    click.option("--canary-windows", type=int, default=4, metavar="N",
                 help="Number of windows without problems on canaries before other nodes are "
                      "written."),
    click.option("--canary-violations", type=float, default=0.02, metavar="SHARE",
                 help="Share of windows in which canaries may have a shortfall."),
    click.option("--dead-band", type=float, default=0.02, metavar="SHARE",
                 help="Smallest rise of a ratio that is written, as a share."),
    click.option("--step", type=float, default=0.5, metavar="RATIO",
                 help="Largest rise of a ratio in one write."),
    click.option("--share", type=float, default=0.25, metavar="SHARE",
                 help="Largest share of the nodes that is written for one window."),
    click.option("--rate", type=float, default=60, metavar="N", help="Most writes in a minute."),
    click.option("--withdrawn", type=_POLICIES, default="close",
                 help="If the telemetry of a node is lost: promise nothing more (close), keep "
                      "the ratio (keep), or go back to the adopted ratio (start)."),
    click.option("--stopped", type=_POLICIES, default="keep",
                 help="The same if offers have expired or the service stops."),
    click.option("--period", type=length, default="60s", metavar="TIME",
                 help="Period of nova-compute, after which it may have overwritten a ratio."),
    click.option("--skew", type=length, default="60s", metavar="TIME",
                 help="Largest allowed difference between clocks."),
    click.option("--names", cls=Tables, help="Name or uuid of the resource provider of a node."),
    click.option("--bounds", cls=Tables,
                 help="By class: low, high, headroom (units above what is used), below-used."),
)  # fmt: skip


def placing(command: Command) -> Command:
    """Which cloud, which nodes, how far."""
    return reduce(lambda inner, option: option(inner), reversed(_PLACING), command)


def rules_of(options: Mapping[str, Any]) -> "Rules":
    """What these options allow.

    Raises:
        MisuseError: something of it makes no sense.
    """
    from scroogevm.openstack.rules import Rules  # noqa: PLC0415  # imports NumPy

    plain = ("kinds", "nodes", "canary", "canary_windows", "canary_violations", "dead_band")
    more = ("step", "share", "rate", "withdrawn", "stopped", "skew")
    return Rules(
        **{name: options[name] for name in (*plain, *more)},
        names=_names(options["names"]),
        bounds=_bounds(options["bounds"]),
    )


def client_of(options: Mapping[str, Any]) -> "PlacementClient":
    """Placement of the cloud that these options name.

    Raises:
        MissingExtraError: what it needs is not installed.
        MisuseError: there is no such cloud.
    """
    from scroogevm.openstack.client import connect  # noqa: PLC0415  # on demand

    return connect(options["cloud"], options["region"])


def ledger_of(options: Mapping[str, Any]) -> "Ledger | None":
    """What promises were worth, as the service tells; None where a file is read instead of it."""
    if options.get("file") is not None:
        return None
    import time  # noqa: PLC0415  # on demand

    from scroogevm.cli._told import ask, client  # noqa: PLC0415  # likewise
    from scroogevm.openstack.canary import CanaryRecord, record  # noqa: PLC0415  # likewise

    def ledger(nodes: Any, since: float) -> CanaryRecord:
        params = {"last": max(1.0, time.time() - since), "by": "node"}
        with client(dict(options)) as api:
            rows = ask(api, "GET", "api/v1/ledger", params=params).json()
        return record(
            ((row["of"], row["strategy"], row["windows"], row["violations"]) for row in rows), nodes
        )

    return ledger


def _names(table: Mapping[str, Any]) -> Mapping[str, str]:
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand

    wrong = [node for node, provider in table.items() if not isinstance(provider, str)]
    if wrong:
        raise MisuseError("is not the name of a provider", where=f"placement.names.{wrong[0]}")
    return table


def _bounds(table: Mapping[str, Any]) -> "Mapping[str, Any]":
    from dataclasses import fields, replace  # noqa: PLC0415  # on demand

    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
    from scroogevm.openstack.ratio import RatioBounds  # noqa: PLC0415  # likewise
    from scroogevm.openstack.rules import Rules  # noqa: PLC0415  # likewise

    found = dict(Rules().bounds)
    known = {
        one.name.replace("_", "-"): type(getattr(RatioBounds(), one.name))
        for one in fields(RatioBounds)
    }
    for kind, values in table.items():
        where = f"placement.bounds.{kind}"
        if kind not in found or not isinstance(values, Mapping):
            raise MisuseError(
                "is not a class with its bounds", where=where, remedy=f"classes: {', '.join(found)}"
            )
        for key, value in values.items():
            kinds = (int, float) if known.get(key) is float else (known.get(key),)
            if key not in known or type(value) not in kinds:
                raise MisuseError(
                    f"{key} = {value!r} makes no sense",
                    where=where,
                    remedy=f"keys: {', '.join(known)}",
                )
        changed = {key.replace("-", "_"): value for key, value in values.items()}
        found[kind] = replace(found[kind], **changed)
    return found
