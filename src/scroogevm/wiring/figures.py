"""Draws the figures of the output of a replay."""

from pathlib import Path

from scroogevm.files import StagedDirectory
from scroogevm.reports import figures
from scroogevm.reports.reread import reread


def draw_figures(report: Path, *, overwrite: bool) -> Path:
    """Draw the figures of the output of a replay; the folder they are in.

    Args:
        report: the output.
        overwrite: whether figures that are there may be replaced.

    Raises:
        MisuseError: it is none, or has figures.
        MissingExtraError: Matplotlib is not installed.
        OutputError: they cannot be written.
    """
    found = reread(report)
    folder = report / figures.FOLDER
    with StagedDirectory(
        folder, figures.MARKER, command="scroogevm figures", overwrite=overwrite
    ) as place:
        some = found.panels[: 1 + figures.NODES_DRAWN]
        figures.draw(place, some, found.styles, found.scores, found.whole)
    return folder
