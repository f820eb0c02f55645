"""Options of scraping: exporters, time limits, credentials and the store."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, cast

import click

from scroogevm.cli._tables import Tables

Command = Callable[..., Any]


_file = click.Path(path_type=Path)


_SCRAPING = (
    click.option(
        "--target",
        "words",
        multiple=True,
        metavar="[NODE=]URL",
        help="An exporter; several exporters of one node are scraped together. May be repeated.",
    ),
    click.option(
        "--targets-file",
        type=_file,
        metavar="FILE.json",
        help="Targets in the file_sd format of Prometheus; the file is read again when it changes.",
    ),
    click.option(
        "--env",
        type=_file,
        metavar="FILE",
        help="Settings of the predecessor (.env): its exporters and its InfluxDB.",
    ),
    click.option(
        "--store",
        metavar="KIND:LOCATION",
        help="Store that samples are written to, such as influxdb:http://127.0.0.1:8086/DB; a "
        "path alone is "
        "an embedded store. embedded:scroogevm-store by default.",
    ),
    click.option(
        "--store-option",
        "store_options",
        multiple=True,
        metavar="KEY=VALUE",
        help="Parameter of the store, such as user=writer; may be repeated.",
    ),
    click.option(
        "--buffer",
        type=_file,
        metavar="DIR",
        help="Directory where samples wait while the store is down; scroogevm-buffer by default, "
        "none for an embedded store.",
    ),
    click.option(
        "--buffer-limit",
        type=float,
        default=1024,
        metavar="MIB",
        help="Limit of the buffer; above it, the oldest samples are deleted.",
    ),
    click.option(
        "--interval",
        metavar="TIME",
        help="Time between scrapes of a node; by default what its exporter announces, else 5.",
    ),
    click.option(
        "--time-limit",
        type=float,
        default=4,
        metavar="S",
        help="Time limit of a scrape; never more than 0.8 of the interval.",
    ),
    click.option(
        "--size-limit",
        type=float,
        default=8,
        metavar="MIB",
        help="Limit of an exporter's answer, uncompressed.",
    ),
    click.option("--token-file", metavar="FILE", help="Bearer token for all targets."),
    click.option("--user", metavar="NAME", help="User for all targets, with --password-file."),
    click.option("--password-file", metavar="FILE", help="The user's password."),
    click.option("--ca-file", metavar="PEM", help="Certificates to trust instead of the system's."),
    click.option(
        "--cert-file", metavar="PEM", help="Client certificate, for exporters that require one."
    ),
    click.option(
        "--key-file", metavar="PEM", help="Key of the certificate, if it is not in the same file."
    ),
    click.option("--targets", "tables", cls=Tables, multiple=True, help="Exporters, each a table."),
    click.option("--names", cls=Tables, help="Names of metrics, each a table."),
    click.option("--dialects", cls=Tables, help="Parameters of dialects, by dialect."),
)


def scraping(command: Command) -> Command:
    """What to scrape, how, and where to."""
    return reduce(lambda inner, option: option(inner), reversed(_SCRAPING), command)


def inherited(found: dict[str, Any]) -> dict[str, Any]:
    """The settings of a file, where ``serve`` scrapes as ``collect`` does unless it says so."""
    every = cast("click.Command", scraping(click.command("scraping")(lambda: None)))
    names = {parameter.name for parameter in every.params}
    shared = {key: value for key, value in found.get("collect", {}).items() if key in names}
    if not shared:
        return found
    return {**found, "serve": {**shared, **found.get("serve", {})}}
