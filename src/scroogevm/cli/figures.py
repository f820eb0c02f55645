"""``scroogevm figures``: writes the figures of a report as files."""

from pathlib import Path

import click


@click.command("figures")
@click.argument("report", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace figures that were drawn before.")
def command(report: Path, *, force: bool) -> None:
    """Draw the figures of REPORT, the output of `scroogevm replay`, as PNG and SVG.

    They are written to REPORT/figures: figures of the fleet and of the first nodes. The report
    shows the same figures.
    """
    from scroogevm.reports.names import printable  # noqa: PLC0415  # on demand
    from scroogevm.wiring.figures import draw_figures  # noqa: PLC0415  # likewise: imports NumPy

    folder = draw_figures(report, overwrite=force)
    count = len(list(folder.glob("*.png")))
    click.echo(printable(f"{count} figures, as PNG and SVG, in {folder}"))
