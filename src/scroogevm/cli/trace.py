"""``scroogevm trace``: shows, converts, generates, places and records traces."""

from pathlib import Path

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._options import length, recording, store

_output = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Directory to write.",
)


_force = click.option("--force", is_flag=True, help="Replace the output of an earlier run.")


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


_format = click.option(
    "--format",
    metavar="NAME",
    help="Data set, with options: bitbrains, or vms:unit=fraction. Recognised by default.",
)


_scope = click.option(
    "--scope",
    type=length,
    default=1800,
    show_default=True,
    metavar="TIME",
    help="Length of a scope: 1800, 30m.",
)


_slice = click.option(
    "--slice", type=length, metavar="TIME", help="Length of a slice; the scope by default."
)


_history = click.option(
    "--history",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    metavar="N",
    help="Number of earlier windows that a replay keeps with the new one.",
)


_memory = click.option(
    "--memory", type=float, metavar="MIB", help="Memory of a node; 4 GiB a core by default."
)


@click.group("trace")
def command() -> None:
    """Look at traces, convert them, generate them, place VMs on nodes."""


@command.command("info")
@click.argument("trace", type=click.Path(path_type=Path))
@_format
@_json
@runs("trace.info")
def info() -> None:
    """Show a summary of TRACE, a trace of nodes or a data set of VMs."""


@command.command("convert")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DST",
              help="Directory to write, or Parquet file for VMs.")  # fmt: skip
@_format
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    metavar="N",
    help="VM rows in a part of a trace of nodes; fewer rows need less memory.",
)
@_force
@runs("trace.convert")
def convert() -> None:
    """Convert SOURCES to the format of ScroogeVM.

    Traces of nodes (JSON files of the predecessor, or a directory of ours) become a directory; a
    data set of VMs becomes one Parquet file.
    """


@command.command("generate")
@click.option("--scenario", metavar="NAME", default="steady", show_default=True,
              help="increasing, decreasing, steady, daily or churn.")  # fmt: skip
@click.option("--nodes", type=int, default=1, show_default=True, help="Number of nodes.")
@click.option("--vms", type=int, default=100, show_default=True, help="Most VMs on a node.")
@click.option("--cores", type=float, default=256, show_default=True, help="Cores of a node.")
@_memory
@click.option("--windows", type=int, default=30, show_default=True, help="Number of slices.")
@_scope
@_slice
@click.option("--interval", type=length, default=5, show_default=True, metavar="TIME",
              help="Time between samples: 5, 1m.")  # fmt: skip
@_history
@click.option("--mix", metavar="NAME", default="azure2017", show_default=True,
              help="Sizes of VMs: azure2017, ovhcloud2023, ...")  # fmt: skip
@click.option("--usage", metavar="NAME", help="Usage classes of VMs; by default those of the mix.")
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Seed; the same seed gives the same bytes.",
)
@_output
@_force
@_json
@runs("trace.generate")
def generate() -> None:
    """Make a synthetic trace of nodes from public VM size mixes and usage classes."""


@command.command("record")
@store
@recording
@_scope
@_slice
@_history
@_output
@_force
@_json
@runs("trace.record")
def record() -> None:
    """Record the samples of a store as a trace that can be replayed.

    After an interruption, the same command continues the recording, within a day.
    """


@command.command("place")
@click.argument("vms", type=click.Path(path_type=Path))
@click.option("--cores", type=float, required=True, help="Cores of a node.")
@click.option("--memory", type=float, metavar="MIB",
              help="Memory of a node; by default 4 GiB a core, more if a VM needs it.")  # fmt: skip
@click.option("--overcommit", type=float, default=1, show_default=True, metavar="R",
              help="Allow allocations of up to R times the cores and memory.")  # fmt: skip
@click.option("--strategy", metavar="NAME", default="first-fit", show_default=True,
              help="first-fit or best-fit.")  # fmt: skip
@click.option("--skip-larger", is_flag=True, help="Leave out VMs larger than a node.")
@_scope
@_slice
@_history
@_format
@_output
@_force
@_json
@runs("trace.place")
def place() -> None:
    """Place the VMs of a data set on identical nodes, and write the trace of the nodes."""
