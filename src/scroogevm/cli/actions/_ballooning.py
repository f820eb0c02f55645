"""Options of the memory companion, for ``balloon`` and for the ``[balloon]`` table."""

from collections.abc import Mapping
from typing import Any

import click

from scroogevm.balloon.settings import BalloonSettings, nodes_of
from scroogevm.collect.env import read_env


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
    found = dict(options)
    path = found.pop("env")
    nodes = nodes_of(found.pop("nodes"))
    rules = list(found.pop("rules"))
    asked = found.pop("mode")
    if path is not None:
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
