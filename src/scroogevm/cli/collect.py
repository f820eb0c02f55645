"""``scroogevm collect``: scrape exporters into a store."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli._tables import Tables

if TYPE_CHECKING:
    from scroogevm.collect.dry_run import NodeCheck
    from scroogevm.collect.settings import TargetConfig

_file = click.Path(path_type=Path)
_DEFAULTS = ("interval", "token-file", "user", "password-file", "ca-file", "cert-file", "key-file")
_NODE = (("cpu", 0), ("cpu_usage", 2), ("mem", 0), ("mem_usage", 0))
_VMS = (("cpu", 0), ("cpu_usage", 2))


@click.command("collect")
@click.option("--target", "words", multiple=True, metavar="[NODE=]URL",
              help="An exporter; several of one node are asked together. Repeat it.")  # fmt: skip
@click.option("--targets-file", type=_file, metavar="FILE.json",
              help="Targets as Prometheus takes them (file_sd); changes are noticed.")  # fmt: skip
@click.option("--env", type=_file, metavar="FILE",
              help="The predecessor's settings: its exporters, and its InfluxDB.")  # fmt: skip
@click.option("--store", metavar="KIND:LOCATION",
              help="Where samples go, such as influxdb:http://127.0.0.1:8086/DB; a path alone is "
              "an embedded store. embedded:scroogevm-store by default.")  # fmt: skip
@click.option("--store-option", "store_options", multiple=True, metavar="KEY=VALUE",
              help="Parameter of the store, such as user=writer; may be repeated.")  # fmt: skip
@click.option("--buffer", type=_file, metavar="DIR",
              help="Where samples wait while the store is down; scroogevm-buffer by default, none "
              "for an embedded store.")  # fmt: skip
@click.option("--buffer-limit", type=float, default=1024, metavar="MIB",
              help="How much may wait; beyond, the oldest samples go.")  # fmt: skip
@click.option("--interval", metavar="TIME",
              help="Between scrapes of a node; by default what it announces, else 5.")  # fmt: skip
@click.option("--time-limit", type=float, default=4, metavar="S",
              help="How long a scrape may take; never more than 0.8 of the interval.")  # fmt: skip
@click.option("--size-limit", type=float, default=8, metavar="MIB",
              help="How much an exporter may answer, unpacked.")  # fmt: skip
@click.option("--token-file", metavar="FILE", help="Bearer token for all targets.")
@click.option("--user", metavar="NAME", help="User for all targets, with --password-file.")
@click.option("--password-file", metavar="FILE", help="The user's password.")
@click.option("--ca-file", metavar="PEM", help="Certificates to trust instead of the system's.")
@click.option("--cert-file", metavar="PEM", help="Our certificate, for exporters that ask.")
@click.option("--key-file", metavar="PEM", help="Its key, where it is not in the same file.")
@click.option("--listen", metavar="HOST:PORT",
              help="Serve the collector's own metrics, to this machine only.")  # fmt: skip
@click.option("--duration", metavar="TIME", help="End after so long.")
@click.option("--once", is_flag=True,
              help="Ask every node twice, show what it says and lacks; write nothing.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="With --once: print for a program to read.")
@click.option("-v", "--verbose", is_flag=True, help="Say each sample that the store has.")
@click.option("--targets", "tables", cls=Tables, multiple=True, help="Exporters, each a table.")
@click.option("--names", cls=Tables, help="Names of metrics, each a table.")
@click.option("--dialects", cls=Tables, help="Parameters of dialects, by dialect.")
@click.pass_context
def command(context: click.Context, /, *, once: bool, as_json: bool, **options: Any) -> None:
    """Scrape exporters of worker nodes, and keep samples in a store.

    Understands `scroogevm probe`, vmprobe, exporters of libvirt, node_exporter, CEEMS, and names
    that a settings file adds. SIGHUP has targets, tokens and certificates read again.
    """
    from scroogevm.cli._output import remark  # noqa: PLC0415  # on demand
    from scroogevm.collect.settings import CollectSettings  # noqa: PLC0415  # likewise
    from scroogevm.core.duration import seconds  # noqa: PLC0415  # likewise
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise

    if as_json and not once:
        raise MisuseError("is for --once", where="--json")
    duration = options["duration"]
    asked = _asked(options)
    settings = CollectSettings(
        asked=asked,
        store=options["store"] or "",
        store_options=options["store_options"],
        buffer=options["buffer"],
        buffer_limit=round(options["buffer_limit"] * 2**20),
        time_limit=options["time_limit"],
        size_limit=round(options["size_limit"] * 2**20),
        listen=options["listen"] or "",
        duration=None if duration is None else seconds(duration),
        verbose=options["verbose"],
    )
    settings.check()
    if once:
        _once(settings, as_json=as_json)
        return
    from scroogevm.wiring import collect  # noqa: PLC0415  # imports Polars

    collect(settings, lambda: _reread(context, asked).nodes(), remark)


def _asked(options: dict[str, Any]) -> "TargetConfig":
    """Where the targets are written."""
    from scroogevm.collect.settings import TargetConfig  # noqa: PLC0415  # on demand

    given = {key: options[key.replace("-", "_")] for key in _DEFAULTS}
    return TargetConfig(
        words=options["words"],
        tables=options["tables"],
        targets_file=options["targets_file"],
        env=options["env"],
        defaults={key: value for key, value in given.items() if value is not None},
        names=options["names"],
        dialects=options["dialects"],
    )


def _reread(context: click.Context, asked: "TargetConfig") -> "TargetConfig":
    """The same with the tables that are in the settings file now."""
    from dataclasses import replace  # noqa: PLC0415  # on demand

    from scroogevm.cli._defaults import defaults  # noqa: PLC0415  # likewise

    root = context.find_root()
    path = root.params.get("config")
    if path is None:
        return asked
    found = defaults(root, path).get("collect", {})
    tables: dict[str, Any] = {"tables": (), "names": {}, "dialects": {}}
    return replace(asked, **{key: found.get(key, empty) for key, empty in tables.items()})


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
