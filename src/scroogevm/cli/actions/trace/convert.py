"""``scroogevm trace convert``: converts traces and data sets."""

from pathlib import Path

import click

from scroogevm.cli.actions._output import progress, remark
from scroogevm.errors import MisuseError
from scroogevm.text import counted
from scroogevm.traces.convert import convert_nodes, convert_vms
from scroogevm.traces.manifest import MANIFEST
from scroogevm.traces.tables import PART_ROWS


def convert(
    sources: tuple[Path, ...], output: Path, *, rows: int | None, force: bool, **asked: str | None
) -> None:
    """Convert SOURCES to the format of ScroogeVM."""
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
