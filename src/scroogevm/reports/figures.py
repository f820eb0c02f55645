"""Writes ``figures/``: the figures of a replay as PNG and SVG."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scroogevm.errors import MissingExtraError
from scroogevm.reports.names import file_name, printable
from scroogevm.reports.panel import Panel
from scroogevm.reports.styles import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = "figures"
MARKER = "fleet-cpu-usage.png"
"""A picture that every folder of figures has."""
NODES_DRAWN = 2
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # a dollar in a name is a dollar
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "figure.dpi": 100,
    "axes.edgecolor": "#8a919c",
    "xtick.color": "#4b5563",
    "ytick.color": "#4b5563",
    "svg.hashsalt": "scroogevm",
}


def draw(
    folder: Path,
    panels: Sequence[Panel],
    looks: Mapping[str, Style],
    scores: Sequence[Mapping[str, Any]],
    whole: str = "all nodes",
) -> None:
    """Draw every figure of every panel.

    Args:
        folder: for the files.
        panels: the fleet, then nodes.
        looks: of each strategy.
        scores: the fleet's, best first.
        whole: name of the fleet.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    with studio(folder):
        from scroogevm.reports import drawing  # noqa: PLC0415  # needs Matplotlib, an extra

        for panel in panels:
            if not panel.hours.size:
                continue
            title = printable(panel.name or whole)
            for resource in panel.resources:
                rows = [score for score in scores if score["resource"] == resource]
                order = [score["strategy"] for score in rows]
                scene = drawing.Scene(panel, title, resource, looks, order)
                stem = f"{file_name(panel.name) if panel.name else 'fleet'}-{resource}"
                save(drawing.usage(scene), folder / f"{stem}-usage")
                save(drawing.misprediction(scene), folder / f"{stem}-misprediction")
                save(drawing.cumulation(scene), folder / f"{stem}-cumulated")
                save(drawing.ratio(scene), folder / f"{stem}-oversubscription")
                if not panel.name:
                    save(drawing.frontier(scene, rows), folder / f"{stem}-frontier")


@contextmanager
def studio(folder: Path) -> Iterator[None]:
    """Set up Matplotlib for the block, and create the folder.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415  # an extra, and slow to import
    except ImportError:
        raise MissingExtraError("matplotlib", "plots", "drawing figures") from None
    folder.mkdir(exist_ok=True)
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # The name of a node may have letters that the font does not contain.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def save(figure: "Figure", stem: Path) -> None:
    """Save a figure without date and version, so that the same picture has the same bytes."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, for both
    figure.savefig(
        stem.with_name(f"{stem.name}.png"),
        dpi=120,
        metadata={"Software": None},
        pil_kwargs={"compress_level": 4},
    )
    figure.savefig(stem.with_name(f"{stem.name}.svg"), metadata={"Date": None, "Creator": None})
