"""``scroogevm figures``: writes the figures of a report as files."""

from pathlib import Path

import click

from scroogevm.cli._lazy import runs


@click.command("figures")
@click.argument("report", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace figures that were drawn before.")
@runs("figures")
def command() -> None:
    """Draw the figures of REPORT, the output of `scroogevm replay`, as PNG and SVG.

    They are written to REPORT/figures: figures of the fleet and of the first nodes. The report
    shows the same figures.
    """
