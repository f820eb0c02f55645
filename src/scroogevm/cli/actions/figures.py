"""``scroogevm figures``: writes the figures of a report as files."""

from pathlib import Path

import click

from scroogevm.reports.names import printable
from scroogevm.wiring.figures import draw_figures


def command(report: Path, *, force: bool) -> None:
    """Draw the figures of REPORT, the output of `scroogevm replay`, as PNG and SVG."""
    folder = draw_figures(report, overwrite=force)
    count = len(list(folder.glob("*.png")))
    click.echo(printable(f"{count} figures, as PNG and SVG, in {folder}"))
