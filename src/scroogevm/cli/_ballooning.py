"""Options of the memory companion, for ``balloon`` and for the ``[balloon]`` table."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from scroogevm.cli._options import length
from scroogevm.cli._tables import Tables

Command = TypeVar("Command", bound=Callable[..., Any])


_file = click.Path(path_type=Path)


_BALLOONING = (
    click.option("--node", "nodes", multiple=True, metavar="[NAME=]URI",
                 help="Node and its libvirt, as n1=qemu+ssh://root@n1/system; may be repeated. "
                 "This machine's by default."),
    click.option("--data", type=_file, default="scroogevm-data", metavar="DIR",
                 help="Directory of the journal and of balloon.json, which shows the present "
                      "state."),
    click.option("--mode", type=click.Choice(["plan", "apply"]), default="plan",
                 help="Whether `serve` or `run` changes VMs, or only shows the changes."),
    click.option("--policy", type=click.Choice(["pressure", "proactive", "predecessor"]),
                 default="pressure", help="Mode: when VMs are shrunk."),
    click.option("--rule", "rules", multiple=True, metavar="SPEC",
                 help="Rule or refusal with changed parameters, such as step:most=0.1; may be "
                 "repeated."),
    click.option("--interval", type=length, default="10s", metavar="TIME",
                 help="Time between cycles."),
    click.option("--time-limit", type=click.FloatRange(min=0.05, max=60), default=3, metavar="S",
                 help="Time limit of a call to libvirt."),
    click.option("--minimum", type=click.FloatRange(min=0), default=512, metavar="MIB",
                 help="Size below which no VM is shrunk; the metadata of a VM can set another "
                      "one."),
    click.option("--set-period", "period", type=click.IntRange(1, 3600), metavar="S",
                 help="Statistics period to set for VMs that have none; only with --apply."),
    click.option("--agent/--no-agent", default=False,
                 help="Ask the QEMU guest agent of VMs for memory pressure in the guest; only with "
                      "--apply. libvirt marks such a VM as tainted."),
    click.option("--patience", type=length, default="30s", metavar="TIME",
                 help="Time limit for balloons to give memory back."),
    click.option("--path.procfs", "procfs", type=_file, default=Path("/proc"), metavar="DIR",
                 help="Directory of /proc of this machine."),
    click.option("--flavors", cls=Tables,
                 help="MiB below which no VM is shrunk, by flavor of OpenStack."),
    click.option("--env", type=_file, metavar="FILE",
                 help="The predecessor's .env file, for its keys of ballooning."),
)  # fmt: skip


def ballooning(command: Command) -> Command:
    """Which nodes, and how."""
    return reduce(lambda inner, option: option(inner), reversed(_BALLOONING), command)
