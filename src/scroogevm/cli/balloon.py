"""``scroogevm balloon``: gives memory that guests do not need back to their host."""

from typing import Any

import click

from scroogevm.cli._ballooning import ballooning
from scroogevm.cli._lazy import runs
from scroogevm.cli._options import length
from scroogevm.cli._words import SharedWords

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("balloon", cls=SharedWords)
@ballooning
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Give memory that guests hold and do not need back to their host, through libvirt's balloons.

    Begin with `plan`, which changes nothing; `run` shows what it would do, cycle by cycle, and
    does it with --apply; `status` shows what a running one does, and `restore` gives every VM back
    what an earlier run took. The options of the group are the table [balloon] of a settings file.
    """
    context.obj = options


@command.command("run")
@click.option(
    "--apply", "acts", is_flag=True, help="Change VMs; without it, changes are only shown."
)
@click.pass_obj
@click.pass_context
@runs("balloon")
def run() -> None:
    """Watch nodes, and shrink and grow VMs, until interrupted; then give everything back."""


@command.command("plan")
@click.option("--watch", type=length, default="25s", metavar="TIME",
              help="How long nodes are watched first; rates need two readings.")  # fmt: skip
@_json
@click.pass_obj
@click.pass_context
@runs("balloon")
def plan() -> None:
    """Show what a cycle would change, and why; nothing is changed.

    A running companion can plan more, because it has watched guests for longer.
    """


@command.command("status")
@_json
@click.pass_obj
@runs("balloon")
def status() -> None:
    """Show what a running companion does, or what the last one did."""


@command.command("restore")
@click.pass_obj
@click.pass_context
@runs("balloon")
def restore() -> None:
    """Give every VM back the memory that an earlier run took, and exit.

    Exits with 1 if a VM did not get all its memory back. VMs that do not run any
    more, were restarted, or were resized by somebody else are not changed.
    """


@command.command("log")
@click.option("--since", default="7d", metavar="TIME", help="Since when: 7d, 12h, or a date.")
@_json
@click.pass_obj
@runs("balloon")
def log() -> None:
    """Show which balloon sizes were requested, when and why."""
