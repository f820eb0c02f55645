"""A cycle of the memory companion on 200 nodes of 50 VMs, one of which may hang."""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.report import Result

NODES, VMS, CYCLES = 200, 50, 3
AIM = 10.0
"""Seconds."""
CALL, EACH = 0.001, 0.002
"""Seconds that a call takes, and that each VM adds to the one big answer: as measured on libvirt
with QEMU, which took 1 to 7 ms for each VM."""
RULES = ("just-booted:settle=0", "unfamiliar:least=0", "slow-return:most=1", "cooldown:rest=0")
TESTS = Path(__file__).parent.parent / "tests"


def run(docs: Path) -> Result:
    del docs
    sys.path.insert(0, str(TESTS))
    from balloon.recorded import RecordedNode, connecting  # noqa: PLC0415  # lies with the tests
    from scroogevm.balloon.fleet import BalloonFleet  # noqa: PLC0415  # an extra
    from scroogevm.balloon.settings import BalloonSettings  # noqa: PLC0415  # likewise

    nodes = [RecordedNode.of(f"n{at:03}", VMS, delay=CALL, each=EACH) for at in range(NODES)]
    uris = {one.name: f"qemu+ssh://{one.name}/system" for one in nodes}
    rows: list[tuple[Any, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        settings = BalloonSettings(uris, Path(folder), mode="apply", rules=RULES)
        fleet = BalloonFleet(settings, settings.check(), print, connecting(nodes))

        def measured(number: int, hung: str = "") -> None:
            for one in nodes:
                one.refresh()
            asked = sum(len(one.asked) for one in nodes)
            busy, began = time.process_time(), time.time()
            seen = fleet.cycle()
            busy = time.process_time() - busy
            others = [one for one in seen if one.node != hung]
            if any(one.problem for one in others):
                raise RuntimeError("a node that answers was not seen")
            if hung and not any(one.problem for one in seen):
                raise RuntimeError("the node that hangs was seen")
            took = [one.seconds for one in others]
            whole = max(one.time + one.seconds for one in others) - began
            asked = sum(len(one.asked) for one in nodes) - asked
            rows.append(
                (
                    number, hung or "none", float(np.median(took)), max(took), whole, busy, asked,
                    psutil.Process().memory_info().rss / 2**20,
                )
            )  # fmt: skip

        for number in range(1, CYCLES + 1):
            measured(number)
        with nodes[0].hanging():
            for number in range(CYCLES + 1, 2 * CYCLES + 1):
                measured(number, nodes[0].name)
        fleet.close()
    return Result(
        title="Ballooning: a fleet",
        how=f"{NODES} nodes of {VMS} VMs each in one process in mode apply. All nodes are due at "
        "the same time. In the later cycles, one node hangs in every call. The answers were "
        f"recorded from libvirt with QEMU: a call takes {1000 * CALL:g} ms, and the largest answer "
        f"takes {1000 * EACH:g} ms more for each VM. The first cycle reads the definitions of all "
        "VMs. `median` and `slowest` are the cycles of single nodes, without the time that they "
        "wait. `all` is the time from the start until the last node that answers is done. "
        "`requests` are sizes requested from balloons.",
        columns=(
            "cycle", "hangs", "median, s", "slowest, s", "all, s", "core seconds", "requests",
            "resident, MiB",
        ),
        rows=rows,
        verdict=verdict(rows),
    )  # fmt: skip


def verdict(rows: Sequence[Sequence[Any]]) -> str:
    """Whether the aim is met, and how much the node that hangs delays the others."""
    first, later = rows[0][4], rows[1:CYCLES]
    quiet, hung = (max(row[4] for row in some) for some in (later, rows[CYCLES:]))
    return (
        f"The first cycle takes {first:.1f} s, later ones {quiet:.1f} s. The aim of {AIM:g} s is "
        f"{'met' if max(first, quiet, hung) < AIM else 'missed'}. With a node that hangs, all "
        f"others are done after {hung:.1f} s."
    )
