"""``scroogevm collect``: scrape exporters into a store."""

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._scraping import scraping


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
@runs("collect")
def command() -> None:
    """Scrape exporters of worker nodes, and keep samples in a store.

    Understands `scroogevm probe`, vmprobe, exporters of libvirt, node_exporter, CEEMS, and names
    that a settings file adds. On SIGHUP it reads targets, tokens and certificates again.
    """
