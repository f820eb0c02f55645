"""Writes ``figures/``: the windows of nodes with their verdicts, as PNG and SVG."""

from collections.abc import Sequence
from pathlib import Path

from scroogevm.reports.figures import save, studio
from scroogevm.reports.names import file_name
from scroogevm.reports.node_detail import Watched

NODES_DRAWN = 4


def draw(folder: Path, nodes: Sequence[Watched]) -> None:
    """Draw every resource of the first nodes.

    Args:
        folder: where they go.
        nodes: in the order of the trace.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    with studio(folder):
        from scroogevm.reports.quiescence_drawing import windows  # noqa: PLC0415  # needs Matplotlib, an extra

        for node in nodes[:NODES_DRAWN]:
            for resource in node.usage:
                save(windows(node, resource), folder / f"{file_name(node.name)}-{resource}-windows")
