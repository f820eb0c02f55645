"""Options of the memory companion, which ``serve`` has as a table, too."""

from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scroogevm.cli._options import length
from scroogevm.cli._tables import Tables

if TYPE_CHECKING:
    from scroogevm.balloon.settings import BalloonSettings

Command = TypeVar("Command", bound=Callable[..., Any])
_file = click.Path(path_type=Path)

_BALLOONING = (
    click.option("--node", "nodes", multiple=True, metavar="[NAME=]URI",
                 help="Node and its libvirt, as n1=qemu+ssh://root@n1/system; may be repeated. "
                 "This machine's by default."),
    click.option("--data", type=_file, default="scroogevm-data", metavar="DIR",
                 help="Directory of the journal, and of balloon.json, which shows what is done."),
    click.option("--mode", type=click.Choice(["plan", "apply"]), default="plan",
                 help="Whether VMs are changed, by `serve` or by `run`, or only shown."),
    click.option("--policy", type=click.Choice(["pressure", "proactive", "predecessor"]),
                 default="pressure", help="When VMs are shrunk."),
    click.option("--rule", "rules", multiple=True, metavar="SPEC",
                 help="Rule or refusal with other parameters, such as step:most=0.1; may be "
                 "repeated."),
    click.option("--interval", type=length, default="10s", metavar="TIME",
                 help="From one cycle to the next."),
    click.option("--time-limit", type=click.FloatRange(min=0.05, max=60), default=3, metavar="S",
                 help="How long a call to libvirt may take."),
    click.option("--minimum", type=click.FloatRange(min=0), default=512, metavar="MIB",
                 help="Below which no VM is shrunk; its metadata may say another one."),
    click.option("--set-period", "period", type=click.IntRange(1, 3600), metavar="S",
                 help="Have VMs refresh their statistics so often, where they never do; only with "
                 "--apply."),
    click.option("--patience", type=length, default="30s", metavar="TIME",
                 help="How long balloons may take to give back what was taken."),
    click.option("--path.procfs", "procfs", type=_file, default=Path("/proc"), metavar="DIR",
                 help="Where /proc of this machine is."),
    click.option("--flavors", cls=Tables,
                 help="MiB below which no VM is shrunk, by flavor of OpenStack."),
    click.option("--env", type=_file, metavar="FILE",
                 help="The predecessor's .env, whose keys of ballooning are taken."),
)  # fmt: skip


def ballooning(command: Command) -> Command:
    """Which nodes, and how."""
    return reduce(lambda inner, option: option(inner), reversed(_BALLOONING), command)


def settings_of(
    context: click.Context, options: Mapping[str, Any], mode: str | None = None
) -> "BalloonSettings":
    """The settings that these options make.

    Args:
        context: that says which of them were given.
        options: of ``ballooning``.
        mode: ``plan`` or ``apply``; None for what they say.

    Raises:
        MisuseError: something of it makes no sense.
    """
    from scroogevm.balloon.settings import BalloonSettings, nodes_of  # noqa: PLC0415  # on demand

    found = dict(options)
    path = found.pop("env")
    nodes = nodes_of(found.pop("nodes"))
    rules = list(found.pop("rules"))
    asked = found.pop("mode")
    if path is not None:
        from scroogevm.collect.env import read_env  # noqa: PLC0415  # on demand

        env = read_env(path).balloon
        nodes = nodes or env.nodes
        unsaid = click.core.ParameterSource.DEFAULT
        if context.get_parameter_source("policy") is unsaid:
            found["policy"] = "predecessor"
            rules += env.rules
        if context.get_parameter_source("interval") is unsaid and env.interval is not None:
            found["interval"] = env.interval
        if context.get_parameter_source("minimum") is unsaid and env.minimum is not None:
            found["minimum"] = env.minimum
    found["limit"] = found.pop("time_limit")
    return BalloonSettings(
        nodes=nodes or {"localhost": "qemu:///system"},
        rules=rules,
        mode="apply" if (mode or asked) == "apply" else "plan",
        **found,
    )
