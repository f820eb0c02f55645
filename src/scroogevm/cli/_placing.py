"""Options of writing to OpenStack's Placement: cloud, nodes, limits."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

from scroogevm.cli._options import length
from scroogevm.cli._tables import Tables

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
