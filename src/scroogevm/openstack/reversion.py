"""Finds ratios that are not as they were written: restored by nova-compute, or by somebody else.

nova-compute reads inventories first and traits later, and writes the inventories with the
generation of the traits (nova/scheduler/client/report.py, ``_refresh_associations``). A ratio that
was written in between is put back once to what it was before; that is no reason to stop the node.
A nova.conf with a ratio does so at each period.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scroogevm.openstack.journal import WriteJournal
from scroogevm.openstack.memory import Key, Memory
from scroogevm.openstack.records import Provider

AGAIN = 3600.0
"""Seconds after which a ratio may be put back once more before its node stops."""


@dataclass
class Reversions:
    """Ratios that are not as they were written.

    Attributes:
        stopped: nodes that somebody else writes, and what happened in words; they have stopped.
        put_back: nodes whose ratio is the one before the last write; they are written again.
    """

    stopped: list[tuple[str, str]] = field(default_factory=list)
    put_back: list[tuple[str, str]] = field(default_factory=list)


def find_reversions(providers: Sequence[Provider], journal: WriteJournal, now: float) -> Reversions:
    """Compare ratios with those that were written, and keep in the journal what follows.

    Raises:
        OutputError: the journal cannot be written.
    """
    memory = journal.memory()
    found = Reversions()
    for provider in providers:
        for kind, inventory in provider.inventories.items():
            key = (provider.uuid, kind)
            wrote = memory.written.get(key)
            if wrote is None or key in memory.stops or inventory.ratio == wrote:
                continue
            node = memory.starts[key].node
            if is_put_back(memory, key, inventory.ratio, now):
                journal.put_back(key, inventory.ratio, now)
                why = f"{kind}: {wrote:g} was written, and is {inventory.ratio:g} again as before"
                found.put_back.append((node, why))
            else:
                why = f"{kind}: {wrote:g} was written, and somebody else wrote {inventory.ratio:g}"
                journal.stop(key, node, why, now)
                found.stopped.append((node, why))
    return found


def is_put_back(memory: Memory, key: Key, ratio: float, now: float) -> bool:
    """Whether a ratio is the one before the last write, for the first time in an hour."""
    before = memory.replaced.get(key)
    return before is not None and before.ratio == ratio and now - before.put_back > AGAIN
