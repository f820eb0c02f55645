"""A companion of real guests, on a host whose memory tests make up."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypervisor.guests import Guest
from hypervisor.nodes import Node
from scroogevm.balloon.fleet import BalloonFleet
from scroogevm.balloon.settings import BalloonSettings
from scroogevm.balloon.view import BalloonVM
from servers import wait

MIB = 1024
TOTAL = 1000
RULES = (
    "pressure:low=0.3,fine=0.4", "just-booted:settle=0", "unfamiliar:least=0", "step:most=0.2",
    "slow-return:most=1", "cooldown:rest=0", "stale:limit=8,periods=8",
)  # fmt: skip
"""What lets a test see in seconds what takes minutes elsewhere."""


class MadeHost:
    """A /proc whose node has as much left as a test says."""

    def __init__(self, folder: Path) -> None:
        self.procfs = folder / "proc"
        self.procfs.mkdir()
        self.left(TOTAL)

    def left(self, mib: float) -> None:
        """So much of the node is available from now on."""
        text = f"MemTotal: {TOTAL * MIB} kB\nMemAvailable: {round(mib * MIB)} kB\n"
        new = self.procfs / "new"
        new.write_text(text)
        new.replace(self.procfs / "meminfo")


def settings(node: Node, host: MadeHost, data: Path, **more: Any) -> BalloonSettings:
    given = {
        "nodes": {node.name: node.uri},
        "mode": "apply",
        "rules": RULES,
        "interval": 1.0,
        "minimum": 64.0,
        "patience": 20.0,
    }
    return BalloonSettings(data=data, procfs=host.procfs, **{**given, **more})


class Balloons:
    """A companion whose cycles a test counts."""

    def __init__(self, wanted: BalloonSettings) -> None:
        self.said: list[str] = []
        self.fleet = BalloonFleet(wanted, wanted.check(), self.said.append)

    def cycle(self) -> dict[str, BalloonVM]:
        """One cycle; the VMs by name."""
        (node,) = self.fleet.cycle()
        return {vm.name: vm for vm in node.vms}

    def until(self, what: str, holds: Callable[[dict[str, BalloonVM]], object]) -> Any:
        """Cycles until something holds."""
        return wait(lambda: holds(self.cycle()), what, 40, every=0.4)

    def end(self) -> Sequence[str]:
        """Give everything back; names of VMs where that failed."""
        left = self.fleet.restore()
        self.fleet.close()
        return left


@contextmanager
def companion(node: Node, host: MadeHost, data: Path, **more: Any) -> Iterator[Balloons]:
    """One that gives everything back in the end, whatever a test did."""
    found = Balloons(settings(node, host, data, **more))
    try:
        yield found
    finally:
        found.end()


def actual(guest: Guest) -> float:
    """MiB that its balloon leaves."""
    return float(guest.domain.memoryStats()["actual"]) / MIB


def fresh(guest: Guest) -> None:
    """Wait until its guest told statistics anew."""
    before = guest.domain.memoryStats()["last_update"]
    wait(lambda: guest.domain.memoryStats()["last_update"] > before, "new statistics")


_DYING = """
import os, signal, sys
from pathlib import Path
from hypervisor.balloons import RULES
from scroogevm.balloon import asking, fleet, journal
from scroogevm.balloon.settings import BalloonSettings

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

name, uri, procfs, data, phase = sys.argv[1:]
keep, resize = journal.BalloonJournal.keep, asking.resize_one

def kept(self, held, acts=()):
    acts = list(acts)
    if acts and phase == "before it is kept":
        die()
    keep(self, held, acts)
    if acts and phase == "kept":
        die()

def resized(domain, *words, **more):
    resize(domain, *words, **more)
    if phase == "asked" or phase == "giving back" and more["size"] >= 250:
        die()

journal.BalloonJournal.keep, asking.resize_one = kept, resized
wanted = BalloonSettings(
    nodes={name: uri}, data=Path(data), procfs=Path(procfs), mode="apply", rules=RULES,
    interval=0.5, minimum=64.0,
)
made = fleet.BalloonFleet(wanted, wanted.check(), print)
while True:
    (node,) = made.cycle()
    if phase == "giving back" and node.taken > 40:
        made.restore()
    if phase == "at rest" and node.taken > 40:
        die()
    made._stop_asked.wait(0.4)
"""
PHASES = ("before it is kept", "kept", "asked", "at rest", "giving back")


def dies(node: Node, host: MadeHost, data: Path, phase: str) -> None:
    """Run a companion that is killed in a phase of its work."""
    words = [node.name, node.uri, str(host.procfs), str(data), phase]
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", _DYING, *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), *sys.path])},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
