"""``scroogevm collect``: scrape exporters into a store."""

from collections.abc import Sequence
from typing import Any

import click

from scroogevm.cli.actions._output import print_json, remark, table
from scroogevm.cli.actions._scraping import collect_settings, reread
from scroogevm.core.duration import seconds
from scroogevm.errors import MisuseError, ScrapeError
from scroogevm.text import counted
from scroogevm.wiring.collect import NodeCheck, collect, look_once

_NODE = (("cpu", 0), ("cpu_usage", 2), ("mem", 0), ("mem_usage", 0))


_VMS = (("cpu", 0), ("cpu_usage", 2))


def command(context: click.Context, /, *, once: bool, as_json: bool, **options: Any) -> None:
    """Scrape exporters of worker nodes, and keep samples in a store."""
    if as_json and not once:
        raise MisuseError("can only be used with --once", where="--json")
    duration = options["duration"]
    settings = collect_settings(
        options,
        listen=options["listen"] or "",
        duration=None if duration is None else seconds(duration),
        verbose=options["verbose"],
    )
    settings.check()
    if once:
        _once(settings, as_json=as_json)
        return

    collect(settings, lambda: reread(context, settings.asked).nodes(), remark)


def _once(settings: Any, *, as_json: bool) -> None:
    """Show what every node says.

    Raises:
        ScrapeError: some say nothing.
    """
    looks = look_once(settings)
    if as_json:
        print_json([each.to_dict() for each in looks])
    else:
        _show(looks)
    silent = sum(not each.answers for each in looks)
    if silent:
        raise ScrapeError(f"{silent} of {len(looks)} nodes gave no sample")


def _show(looks: "Sequence[NodeCheck]") -> None:
    table(
        counted(len(looks), "node"),
        ("node", "cores", "used", "MiB", "used", "VMs", "vCPUs", "used", "speaks"),
        [_cells(each) for each in looks],
        words=1,
    )
    for each in looks:
        for line in (*each.failures, *each.missing):
            remark(f"{each.node}: {line}")


def _cells(look: "NodeCheck") -> Sequence[str]:
    sample = look.scraped.sample
    values = sample.values if sample else {}
    node = [_number(values.get(name), digits) for name, digits in _NODE]
    vms = [_sum(look, name, digits) for name, digits in _VMS]
    number = str(len(sample.vms)) if sample else "-"
    return (look.node, *node, number, *vms, ", ".join(look.dialects) or "-")


def _sum(look: "NodeCheck", name: str, digits: int) -> str:
    sample = look.scraped.sample
    column = sample.vm_values.get(name) if sample else None
    return "-" if column is None else _number(float(column.sum()), digits)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None or value != value else f"{value:.{digits}f}"  # noqa: PLR0124  # NaN
