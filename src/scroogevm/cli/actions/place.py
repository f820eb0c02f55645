"""``scroogevm place``: shows which nodes have room for VMs of a size."""

from dataclasses import asdict
from typing import Any

import click

from scroogevm.cli.actions._output import print_json, table
from scroogevm.cli.actions._told import told
from scroogevm.errors import MisuseError
from scroogevm.offers.fit import fit
from scroogevm.text import counted


def command(vm: str, count: int, *, as_json: bool, **options: Any) -> None:
    """Show which nodes have room for VMs of CPU cores and MEM MiB."""
    name, cpu, mem = _size(vm)
    found = fit(told(options), cpu, mem, count)
    if as_json:
        print_json({"name": name, **asdict(found)})
    else:
        taken = [node for node in found.nodes if node.placed]
        title = f"{found.placed} of {counted(count, 'VM')} can be placed"
        cells = [
            (each.node, str(each.placed), f"{each.cpu_left:.4g}", f"{each.mem_left:.6g}")
            for each in taken
        ]
        if cells:
            table(f"{name}: {title}", ("node", "VMs", "cores left", "MiB left"), cells)
        else:
            click.echo(f"{name}: {title}")
    if found.placed < count:
        raise SystemExit(1)


def _size(text: str) -> tuple[str, float, float]:
    """Name, cores and MiB.

    Raises:
        MisuseError: they are none.
    """
    name, *numbers = text.split(",")
    try:
        cpu, mem = map(float, numbers)
    except ValueError:
        cpu = mem = 0.0
    if not (name and 1e-3 <= cpu < 1e9 and 1e-3 <= mem < 1e9):
        raise MisuseError(f"{text!r} is not a VM", remedy="write NAME,CPU,MEM such as web1,2,4096")
    return name, cpu, mem
