"""``scroogevm trace generate``: makes a synthetic trace."""

from pathlib import Path
from typing import Any

from scroogevm.cli.actions._output import progress
from scroogevm.cli.actions.trace._sentence import say
from scroogevm.traces.generate import Workload
from scroogevm.traces.generate import generate as write


def generate(output: Path, *, force: bool, as_json: bool, **asked: Any) -> None:
    """Make a synthetic trace of nodes from public VM size mixes and usage classes."""
    workload = Workload(**asked)
    with progress("Generating", workload.nodes) as advance:
        manifest = write(workload, output, overwrite=force, progress=advance)
    facts = {
        "trace": str(output),
        "nodes": sum(part.nodes for part in manifest.parts),
        "vm_rows": sum(part.vm_rows for part in manifest.parts),
        "windows": manifest.windows,
    }
    say(facts, "{nodes}, {windows}, {vm_rows} in {trace}", as_json=as_json)
