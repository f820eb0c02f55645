"""``scroogevm trace``: shows, converts, generates, places and records traces."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from scroogevm.cli._options import asked, length, recording, store

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
_NOUNS = {"nodes": "node", "windows": "window", "vms": "VM", "vm_rows": "VM row"}

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
def info(trace: Path, *, as_json: bool, **asked: str | None) -> None:
    """Show a summary of TRACE, a trace of nodes or a data set of VMs."""
    from scroogevm.cli import _output as output  # noqa: PLC0415  # on demand
    from scroogevm.traces.info import describe  # noqa: PLC0415  # imports Polars

    facts = describe(trace, asked["format"])
    if as_json:
        output.print_json(facts)
    else:
        output.facts(str(trace), {name: _shown(name, value) for name, value in facts.items()})


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
def convert(
    sources: tuple[Path, ...], output: Path, *, rows: int | None, force: bool, **asked: str | None
) -> None:
    """Convert SOURCES to the format of ScroogeVM.

    Traces of nodes (JSON files of the predecessor, or a directory of ours) become a directory; a
    data set of VMs becomes one Parquet file.
    """
    from scroogevm.cli._output import progress, remark  # noqa: PLC0415  # on demand
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
    from scroogevm.text import counted  # noqa: PLC0415  # likewise
    from scroogevm.traces.convert import convert_nodes, convert_vms  # noqa: PLC0415  # Polars
    from scroogevm.traces.manifest import MANIFEST  # noqa: PLC0415  # likewise
    from scroogevm.traces.tables import PART_ROWS  # noqa: PLC0415  # likewise

    recorded = [".json" in path.suffixes or (path / MANIFEST).is_file() for path in sources]
    spec = asked["format"]
    if spec is None and all(recorded):
        if len(sources) > 1 and any(path.is_dir() for path in sources):
            raise MisuseError("only files of the predecessor can be joined", where=str(sources[0]))
        with progress("Converting", None) as advance:
            manifest = convert_nodes(
                sources, output, rows=rows or PART_ROWS, overwrite=force, progress=advance
            )
        nodes = counted(sum(part.nodes for part in manifest.parts), "node")
        click.echo(f"{nodes} in {output}")
    elif len(sources) > 1:
        raise MisuseError("data sets of VMs are converted one by one", where=str(sources[0]))
    else:
        with progress("Converting", None):
            count = convert_vms(sources[0], output, spec, overwrite=force, remark=remark)
        click.echo(f"{count} rows in {output}")


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
def generate(output: Path, *, force: bool, as_json: bool, **asked: Any) -> None:
    """Make a synthetic trace of nodes from public VM size mixes and usage classes."""
    from scroogevm.cli._output import progress  # noqa: PLC0415  # on demand
    from scroogevm.traces.generate import Workload  # noqa: PLC0415  # imports Polars
    from scroogevm.traces.generate import generate as write  # noqa: PLC0415  # likewise

    workload = Workload(**asked)
    with progress("Generating", workload.nodes) as advance:
        manifest = write(workload, output, overwrite=force, progress=advance)
    facts = {
        "trace": str(output),
        "nodes": sum(part.nodes for part in manifest.parts),
        "vm_rows": sum(part.vm_rows for part in manifest.parts),
        "windows": manifest.windows,
    }
    _say(facts, "{nodes}, {windows}, {vm_rows} in {trace}", as_json=as_json)


@command.command("record")
@store
@recording
@_scope
@_slice
@_history
@_output
@_force
@_json
def record(output: Path, *, force: bool, as_json: bool, **options: Any) -> None:
    """Record the samples of a store as a trace that can be replayed.

    After an interruption, the same command continues the recording, within a day.
    """
    from scroogevm.cli._output import progress, remark  # noqa: PLC0415  # on demand
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
    from scroogevm.wiring.recording import record as write  # noqa: PLC0415  # imports Polars

    if options["from"] is None:
        raise MisuseError("no store is given", remedy="--from KIND:LOCATION")
    done = write(
        asked(options),
        options["store_option"],
        output,
        lambda total: progress("Reading", total),
        overwrite=force,
        restart=options["restart"],
    )
    for line in done.lines:
        remark(line)
    manifest = done.manifest
    facts = {
        "trace": str(output),
        "nodes": sum(part.nodes for part in manifest.parts),
        "vm_rows": sum(part.vm_rows for part in manifest.parts),
        "windows": manifest.windows,
        "interval": manifest.interval,
        "pieces": done.pieces,
        "resumed": done.resumed,
    }
    text = "{nodes}, {windows}, {vm_rows} every {interval:g} s in {trace}"
    _say(facts, text, as_json=as_json)


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
def place(vms: Path, output: Path, *, force: bool, as_json: bool, **asked: Any) -> None:
    """Place the VMs of a data set on identical nodes, and write the trace of the nodes."""
    from scroogevm.cli._output import progress, remark  # noqa: PLC0415  # on demand
    from scroogevm.ports import Shape  # noqa: PLC0415  # imports NumPy
    from scroogevm.traces.placement.place import Placing  # noqa: PLC0415  # imports Polars
    from scroogevm.traces.placement.place import place as write  # noqa: PLC0415  # likewise

    scope, slice_, history = (asked.pop(name) for name in ("scope", "slice", "history"))
    spec = asked.pop("format")
    placing = Placing(shape=Shape(scope, scope if slice_ is None else slice_, history), **asked)
    with progress("Placing", None) as advance:
        placed = write(vms, output, placing, spec=spec, overwrite=force, progress=advance)
    for line in placed.remarks:
        remark(line)
    facts = {"trace": str(output), **placed.facts}
    _say(
        facts,
        "{vms} on {nodes} of {cores:g} cores and {memory:g} MiB, {windows} in {trace}",
        as_json=as_json,
    )


def _say(facts: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    from scroogevm.cli._output import print_json  # noqa: PLC0415  # on demand
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

    if as_json:
        print_json(facts)
        return
    counts = {key: counted(facts[key], noun) for key, noun in _NOUNS.items() if key in facts}
    click.echo(text.format(**{**facts, **counts}))


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _with(unit: str, value: float) -> str:
    return f"{value:g} {unit}"


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    **dict.fromkeys(("span", "interval", "scope", "slice"), partial(_with, "s")),
    "capacity": partial(_with, "cores"),
    **dict.fromkeys(("allocated", "usage", "missing"), _percent),
    "source": lambda source: ", ".join(f"{name}: {value}" for name, value in source.items()),
}


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    return _SHOWN.get(name, str)(value)
