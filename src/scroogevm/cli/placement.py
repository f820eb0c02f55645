"""``scroogevm placement``: writes offers as allocation ratios to OpenStack's Placement."""

from typing import Any

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._placing import placing
from scroogevm.cli._told import asking, from_file
from scroogevm.cli._words import SharedWords

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


_node = click.option("--node", metavar="NAME", help="Only this node.")


@click.group("placement", cls=SharedWords)
@placing
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Write what nodes can take into OpenStack's Placement, as allocation ratios.

    Begin with `doctor`, which reads only, then look at `plan`; `adopt` keeps the ratios that there
    are, `apply` writes, and `rollback` restores what was. The options of the group are the table
    [placement] of a settings file.
    """
    context.obj = options


@command.command("doctor")
@asking
@from_file
@click.option("--watch", is_flag=True,
              help="Check again after two periods of nova-compute, and show what it overwrote.",
              )  # fmt: skip
@_json
@click.pass_obj
@runs("placement")
def doctor() -> None:
    """Check for each node whether its ratio can be written and would stay; nothing is written.

    Exits with 1 if a node is blocked.
    """


@command.command("plan")
@asking
@from_file
@_json
@click.pass_obj
@runs("placement")
def plan() -> None:
    """Show every ratio that `apply` would write, and why; nothing is written."""


@command.command("adopt")
@asking
@from_file
@click.option("--node", "chosen", multiple=True, metavar="NAME",
              help="Adopt only this node; may be repeated.")  # fmt: skip
@click.pass_obj
@runs("placement")
def adopt() -> None:
    """Record the present ratios for a rollback, and write nodes that have stopped again.

    A node that was adopted before keeps its first record.
    """


@command.command("apply")
@asking
@from_file
@_json
@click.pass_obj
@runs("placement")
def apply() -> None:
    """Write the ratios of the plan to Placement; each is first written to the journal.

    Exits with 1 if one of them is not in Placement afterwards.
    """


@command.command("rollback")
@_node
@click.option("--to", metavar="TIME",
              help="Restore the ratios of this time: 2h for two hours ago, or a date. By default "
                   "the adopted ratios.")  # fmt: skip
@click.option("--force", is_flag=True,
              help="Overwrite ratios that somebody else wrote in the meantime.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show the changes.")
@_json
@click.pass_obj
@runs("placement")
def rollback() -> None:
    """Restore earlier ratios from the journal; nodes are not written until adopted again.

    Exits with 1 if one of them is not restored.
    """


@command.command("log")
@_node
@click.option("--since", default="7d", metavar="TIME", help="Since when: 7d, 12h, or a date.")
@_json
@click.pass_obj
@runs("placement")
def log() -> None:
    """Show the log of writes: time, reason and result."""
