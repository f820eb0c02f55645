"""``scroogevm trace record``: records the samples of a store."""

from pathlib import Path
from typing import Any

from scroogevm.cli.actions._recording import record_store
from scroogevm.cli.actions.trace._sentence import say
from scroogevm.errors import MisuseError


def record(output: Path, *, force: bool, as_json: bool, **options: Any) -> None:
    """Record the samples of a store as a trace that can be replayed."""
    if options["from"] is None:
        raise MisuseError("no store is given", remedy="--from KIND:LOCATION")
    done = record_store(options, output, force=force)
    manifest = done.manifest
    facts = {
        "trace": str(output),
        "nodes": sum(part.nodes for part in manifest.parts),
        "vm_rows": sum(part.vm_rows for part in manifest.parts),
        "windows": manifest.windows,
        "interval": manifest.interval,
        "pieces": done.pieces,
        "resumed": done.resumed,
    }
    text = "{nodes}, {windows}, {vm_rows} every {interval:g} s in {trace}"
    say(facts, text, as_json=as_json)
