"""``scroogevm place``: shows which nodes have room for VMs of a size."""

from dataclasses import asdict
from typing import Any

import click

from scroogevm.cli._told import asking, from_file, told


@click.command("place")
@click.argument("vm", metavar="NAME,CPU,MEM")
@click.option("--count", type=click.IntRange(1, 1_000_000), default=1, help="Number of VMs.")
@asking
@from_file
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(vm: str, count: int, *, as_json: bool, **options: Any) -> None:
    """Show which nodes have room for VMs of CPU cores and MEM MiB. Nothing is placed.

    Exits with 1 if not all of them can be placed.
    """
    from scroogevm.cli._output import print_json, table  # noqa: PLC0415  # on demand
    from scroogevm.offers.fit import fit  # noqa: PLC0415  # likewise
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

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
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand

    name, *numbers = text.split(",")
    try:
        cpu, mem = map(float, numbers)
    except ValueError:
        cpu = mem = 0.0
    if not (name and 1e-3 <= cpu < 1e9 and 1e-3 <= mem < 1e9):
        raise MisuseError(f"{text!r} is not a VM", remedy="write NAME,CPU,MEM such as web1,2,4096")
    return name, cpu, mem
