"""``scroogevm collect``: scrape exporters into a store."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli._scraping import collect_settings, reread, scraping

if TYPE_CHECKING:
    from scroogevm.collect.dry_run import NodeCheck

_NODE = (("cpu", 0), ("cpu_usage", 2), ("mem", 0), ("mem_usage", 0))
_VMS = (("cpu", 0), ("cpu_usage", 2))


@click.command("collect")
@scraping
@click.option("--listen", metavar="HOST:PORT",
              help="Serve the collector's own metrics, only to this machine.")  # fmt: skip
@click.option("--duration", metavar="TIME", help="Stop after this time.")
@click.option("--once", is_flag=True,
              help="Scrape every node twice, show which values it has and lacks; write "
                   "nothing.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="With --once: print JSON.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Log each sample that was written to the store."
)
@click.pass_context
def command(context: click.Context, /, *, once: bool, as_json: bool, **options: Any) -> None:
    """Scrape exporters of worker nodes, and keep samples in a store.

    Understands `scroogevm probe`, vmprobe, exporters of libvirt, node_exporter, CEEMS, and names
    that a settings file adds. On SIGHUP it reads targets, tokens and certificates again.
    """
    from scroogevm.cli._output import remark  # noqa: PLC0415  # on demand
    from scroogevm.core.duration import seconds  # noqa: PLC0415  # likewise
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise

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
    from scroogevm.wiring.online import collect  # noqa: PLC0415  # imports Polars

    collect(settings, lambda: reread(context, settings.asked).nodes(), remark)


def _once(settings: Any, *, as_json: bool) -> None:
    """Show what every node says.

    Raises:
        ScrapeError: some say nothing.
    """
    import asyncio  # noqa: PLC0415  # on demand

    from scroogevm.cli._output import print_json  # noqa: PLC0415  # likewise
    from scroogevm.collect.dry_run import look  # noqa: PLC0415  # likewise
    from scroogevm.errors import ScrapeError  # noqa: PLC0415  # likewise

    looks = asyncio.run(look(settings, settings.asked.nodes()))
    if as_json:
        print_json([each.to_dict() for each in looks])
    else:
        _show(looks)
    silent = sum(not each.answers for each in looks)
    if silent:
        raise ScrapeError(f"{silent} of {len(looks)} nodes gave no sample")


def _show(looks: "Sequence[NodeCheck]") -> None:
    from scroogevm.cli._output import remark, table  # noqa: PLC0415  # on demand
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

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
