"""Tables and lists of the reference pages, made of what the code says when the pages are built.

A line ``% generated: NAME`` of a page is replaced by the block of that name, so that nothing the
code knows is written down a second time.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from generated import collect, commands, dialects, families, probe, tables

if TYPE_CHECKING:
    from sphinx.application import Sphinx

BLOCKS: Mapping[str, Callable[[], str]] = {
    "strategies": families.strategies,
    "checks": families.checks,
    "quiescence": families.quiescence,
    "guards": families.guards,
    "balloon-modes": families.balloon_modes,
    "balloon-refusals": families.balloon_refusals,
    "balloon-kinds": families.balloon_kinds,
    "balloon-measured": tables.balloon_measured,
    "balloon-rules": families.balloon_rules,
    "stores": families.stores,
    "formats": families.formats,
    "datasets": families.datasets,
    "commands": commands.commands,
    "settings": commands.settings,
    "manifest": tables.manifest,
    "node-columns": tables.node_columns,
    "vm-columns": tables.vm_columns,
    "dataset-columns": tables.dataset_columns,
    "scenarios": tables.scenarios,
    "mixes": tables.mixes,
    "scores": tables.scores,
    "performance": tables.performance,
    "node-metrics": probe.node_metrics,
    "vm-metrics": probe.vm_metrics,
    "collect-keys": collect.keys,
    "collect-metrics": collect.metrics,
    "scrape-failures": collect.reasons,
    "capabilities": probe.capabilities,
    "vmprobe": probe.vmprobe,
    "dialects": dialects.dialects,
    "node-terms": dialects.node_terms,
    "vm-terms": dialects.vm_terms,
    "lacks": dialects.lacks,
    "errors": tables.errors,
    "exit-codes": tables.exit_codes,
}
"""Every block by the name that pages ask for it by."""

_MARK = re.compile(r"^% generated: (.*)$", re.MULTILINE)


def expanded(text: str) -> str:
    """The text of a page with every block in its place.

    Raises:
        KeyError: it asks for a block that there is not.
    """
    return _MARK.sub(lambda mark: BLOCKS[mark[1]](), text)


def setup(app: "Sphinx") -> dict[str, Any]:
    """Have every page expanded when it is read."""
    app.connect("source-read", _read)
    app.connect("env-get-outdated", _always)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _read(app: "Sphinx", name: str, source: list[str]) -> None:
    del app, name
    source[0] = expanded(source[0])


def _always(app: "Sphinx", *_: object) -> list[str]:
    """Pages with a block are read again at every build: the code may have changed."""
    env = app.env
    return [name for name in env.found_docs if _MARK.search(env.doc2path(name).read_text("utf-8"))]
