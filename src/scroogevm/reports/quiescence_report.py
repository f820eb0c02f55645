"""Writes ``report.html`` of quiescence tests: windows with their verdicts, in one file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from scroogevm import __version__
from scroogevm.core.arrays import Floats
from scroogevm.reports.count_table import count_rows
from scroogevm.reports.html import cut_of, page
from scroogevm.reports.names import printable
from scroogevm.reports.node_detail import Watched
from scroogevm.reports.node_selection import choice
from scroogevm.reports.payload import BYTES, json_of, listed, verdicts_of
from scroogevm.reports.provenance import About
from scroogevm.reports.styles import SHOWN_UNITS, TITLES
from scroogevm.reports.verdict_table import VerdictTable
from scroogevm.text import counted


def write_report(path: Path, about: About, table: VerdictTable, nodes: Sequence[Watched]) -> None:
    """Write the report.

    Args:
        path: the file.
        about: what was asked, and how.
        table: closed or not; all chunks were counted.
        nodes: those that can be looked at; as many as fit are carried along.
    """
    panels = _fitting(nodes)
    resources = list(dict.fromkeys(resource for resource, _ in table.counts))
    data = {
        "resources": {r: {"title": TITLES[r], "unit": SHOWN_UNITS[r][0]} for r in resources},
        "tests": [printable(name) for name in about.asked],
    }
    count = counted(table.nodes, "node")
    content = page(
        "quiescence.html",
        title=", ".join(about.traces) or "a trace",
        summary=f"{count}, {len(about.asked)} test{'s' * (len(about.asked) != 1)}",
        scripts=("scrolling.js", "windows.js", "quiescence.js"),
        counts=count_rows(table.counts),
        shown=choice(len(panels), table.nodes, "that were quiescent least often"),
        facts=_facts(about, table),
        tests=about.asked,
        data=Markup(f'{json_of(data)[:-1]},"panels":[{",".join(panels)}]}}'),  # noqa: S704
    )
    path.write_text(content, encoding="utf-8")


def _facts(about: About, table: VerdictTable) -> Mapping[str, str]:
    return {
        "program": f"ScroogeVM {__version__}",
        **({"command": " ".join(about.command)} if about.command else {}),
        "traces": ", ".join(about.traces),
        "nodes": f"{table.nodes:,}",
        "time": "; ".join(dict.fromkeys(map(cut_of, table.shapes))),
        **about.settings,
    }


def _fitting(nodes: Sequence[Watched]) -> Sequence[str]:
    """The nodes as JSON, as many as there is room for."""
    written: list[str] = []
    room = BYTES
    for node in nodes:
        content = json_of(_panel(node))
        room -= len(content)
        if written and room < 0:
            break
        written.append(content)
    return written


def _panel(node: Watched) -> Mapping[str, Any]:
    said: dict[str, dict[str, Any]] = {}
    for (resource, test), verdicts in node.verdicts.items():
        said.setdefault(resource, {})[printable(test)] = verdicts_of(verdicts, resource)
    return {
        "name": printable(node.name),
        "slices": node.shape.slices,
        "kept": node.shape.kept,
        "numbers": list(node.numbers),
        "begins": _hours(node.begins),
        "ends": _hours(node.ends),
        "hours": _hours(node.hours),
        "usage": {
            resource: {
                name: listed(row * SHOWN_UNITS[resource][1], digits=4)
                for name, row in lines.items()
            }
            for resource, lines in node.usage.items()
        },
        "said": said,
    }


def _hours(row: Floats) -> Sequence[float]:
    return [round(hour, 4) for hour in row.tolist()]
