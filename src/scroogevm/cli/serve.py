"""``scroogevm serve``: the estimator as a service."""

from pathlib import Path

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._options import length
from scroogevm.cli._scraping import scraping
from scroogevm.cli._tables import Tables

_file = click.Path(path_type=Path)


@click.command("serve")
@click.option("--data", type=_file, default="scroogevm-data", metavar="DIR",
              help="Directory of the journal, of status.json, and of the embedded store.",
              )  # fmt: skip
@click.option("--scope", type=length, default="30m", metavar="TIME",
              help="Length of a scope; use 30s to try it out.")  # fmt: skip
@click.option("--slice", type=length, metavar="TIME", help="Length of a slice; a scope by default.")
@click.option("--history", type=int, default=3, metavar="N",
              help="Number of earlier windows kept with the new one.")  # fmt: skip
@click.option("--strategy", default="calibrated:risk=0.01", metavar="SPEC",
              help="Strategy whose demand is offered.")  # fmt: skip
@click.option("--shadow", "shadows", multiple=True, default=("greedy", "persistence"),
              metavar="SPEC", help="Strategy that is only scored, for comparison; may be repeated.",
              )  # fmt: skip
@click.option("--guard", "guards", multiple=True, metavar="SPEC",
              help="Guard with changed parameters, such as step:most=0.2; may be repeated.",
              )  # fmt: skip
@click.option("--without", multiple=True, metavar="GUARD",
              help="Guard to switch off; may be repeated.")  # fmt: skip
@click.option("--locked", multiple=True, type=click.Choice(["cpu", "mem"]),
              help="Resource that must not be oversold, such as memory on hugepages.",
              )  # fmt: skip
@click.option("--coverage", type=float, default=0.1, metavar="SHARE",
              help="Share of a window's samples a node needs for a new estimate.")  # fmt: skip
@click.option("--settle", type=length, metavar="TIME",
              help="Time from the end of a window until it is judged; two intervals, at least 5 "
                   "s, by default.")  # fmt: skip
@click.option("--grace", type=length, default="60s", metavar="TIME",
              help="How long an offer stays valid after the next one is due.")  # fmt: skip
@click.option("--warm-up", type=length, default="30d", metavar="TIME",
              help="Time span of samples in the store that is judged at the first start.",
              )  # fmt: skip
@click.option("--forget", type=length, default="7d", metavar="TIME",
              help="Time without samples after which a node is removed.")  # fmt: skip
@click.option("--keep", type=length, default="30d", metavar="TIME",
              help="How long the values of each window are kept; daily totals are kept for a year.",
              )  # fmt: skip
@click.option("--demo", type=click.IntRange(1, 10_000), metavar="NODES",
              help="Show a generated fleet with load and faults; scopes of 30 s.",
              )  # fmt: skip
@click.option("--listen", default="127.0.0.1:8765", metavar="HOST:PORT",
              help="Address of API and dashboard; none to serve nothing.")  # fmt: skip
@click.option("--tokens", type=_file, metavar="FILE",
              help="File of tokens: lines of ROLE NAME TOKEN; the role is reader or admin.",
              )  # fmt: skip
@click.option("--certificate", type=_file, metavar="PEM", help="Certificate for TLS.")
@click.option("--key", type=_file, metavar="PEM",
              help="Key of the certificate, if it is not in the same file.")  # fmt: skip
@click.option("--behind-proxy", is_flag=True, help="A proxy in front of the service does TLS.")
@click.option("--node-series/--no-node-series", default=True,
              help="Whether the service's own metrics have series of each node; many nodes give "
                   "many series.",
              )  # fmt: skip
@click.option("--offer-command", metavar="WORDS",
              help="Command that gets the offers of each window on stdin, in the format of "
                   "status.json.",
              )  # fmt: skip
@click.option("--webhook", metavar="URL", help="URL that the offers of each window are posted to.")
@click.option("--webhook-secret", type=_file, metavar="FILE",
              help="File with the secret that signs these posts.")  # fmt: skip
@scraping
@click.option("--groups", cls=Tables, multiple=True,
              help="Groups of nodes with settings of their own, each a table.")  # fmt: skip
@click.pass_context
@runs("serve")
def command() -> None:
    """Scrape nodes, judge each window, and publish how much of each node is free.

    Keeps its data in DIR; status.json there has the newest offers. On SIGHUP it reads targets,
    groups, tokens and certificates again. Without a target it reads samples that others write to
    the store.
    """
