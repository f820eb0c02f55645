"""Checks whether the canaries did well, so that other nodes may follow."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from scroogevm.offers.status import Status
from scroogevm.openstack.memory import Memory
from scroogevm.openstack.rules import Rules
from scroogevm.text import counted


@dataclass(frozen=True)
class CanaryRecord:
    """What the ledger says of some nodes.

    Attributes:
        windows: node-windows that were settled.
        violations: of these, those that used more than was promised to be kept.
    """

    windows: int
    violations: int


Ledger = Callable[[Collection[str], float], CanaryRecord]
"""The record of nodes since a time, for what was really offered."""


def doubt(status: Status, memory: Memory, rules: Rules, ledger: Ledger | None, now: float) -> str:
    """Why others may not follow yet, in words; empty where they may.

    Args:
        status: that was published.
        memory: what the journal knows.
        rules: who goes first, and for how long.
        ledger: what their promises were worth; None if unknown, which is a doubt.
        now: seconds since 1970.
    """
    if not rules.canary:
        return ""
    first = [node for node in status.nodes if rules.is_canary(node)]
    written = {node: memory.recent[node] for node in first if node in memory.recent}
    if not written:
        return "no canary was written yet"
    since = min(begin for begin, _ in written.values())
    return _state(status, memory, rules, first, now - since) or _promises(
        rules, ledger, sorted(written), since
    )


def _state(
    status: Status, memory: Memory, rules: Rules, first: Collection[str], seconds: float
) -> str:
    """What speaks against canaries as they stand."""
    stopped = {memory.starts[key].node for key in memory.stops if key in memory.starts}
    if bad := sorted(stopped.intersection(first)):
        return f"canary {bad[0]} has stopped"
    windows = int(seconds // status.slice)
    if windows < rules.canary_windows:
        seen = counted(windows, "window")
        return f"canaries have been written for {seen}, {rules.canary_windows} are required"
    bad = [node for node in first if status.nodes[node].state != "ok"]
    return f"canary {bad[0]} is {status.nodes[bad[0]].state}" if bad else ""


def _promises(rules: Rules, ledger: Ledger | None, nodes: Collection[str], since: float) -> str:
    """What speaks against what canaries were promised."""
    if ledger is None:
        return "there is no ledger that shows how canaries did"
    found = ledger(nodes, since)
    if not found.windows:
        return "no window of a canary was settled yet"
    if found.violations > rules.canary_violations * found.windows:
        share = 100 * found.violations / found.windows
        return f"canaries had a shortfall in {share:.1f} % of {counted(found.windows, 'window')}"
    return ""


def record(
    rows: Iterable[tuple[str, str, int, float | None]], nodes: Collection[str]
) -> CanaryRecord:
    """The record of nodes, from rows of the ledger.

    Args:
        rows: node, strategy, windows, share of them that fell short.
        nodes: whose.

    >>> record([("n", "offered", 10, 0.1), ("n", "greedy", 10, 0.9), ("m", "offered", 5, 0)], ["n"])
    CanaryRecord(windows=10, violations=1)
    """
    own = [
        (windows, share or 0.0)
        for node, strategy, windows, share in rows
        if node in nodes and strategy == "offered"
    ]
    return CanaryRecord(
        sum(windows for windows, _ in own), round(sum(windows * share for windows, share in own))
    )
