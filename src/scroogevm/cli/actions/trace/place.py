"""``scroogevm trace place``: places VMs of a data set on nodes."""

from pathlib import Path
from typing import Any

from scroogevm.cli.actions._output import progress, remark
from scroogevm.cli.actions.trace._sentence import say
from scroogevm.ports import Shape
from scroogevm.traces.placement.place import Placing
from scroogevm.traces.placement.place import place as write


def place(vms: Path, output: Path, *, force: bool, as_json: bool, **asked: Any) -> None:
    """Place the VMs of a data set on identical nodes, and write the trace of the nodes."""
    scope, slice_, history = (asked.pop(name) for name in ("scope", "slice", "history"))
    spec = asked.pop("format")
    placing = Placing(shape=Shape(scope, scope if slice_ is None else slice_, history), **asked)
    with progress("Placing", None) as advance:
        placed = write(vms, output, placing, spec=spec, overwrite=force, progress=advance)
    for line in placed.remarks:
        remark(line)
    facts = {"trace": str(output), **placed.facts}
    say(
        facts,
        "{vms} on {nodes} of {cores:g} cores and {memory:g} MiB, {windows} in {trace}",
        as_json=as_json,
    )
