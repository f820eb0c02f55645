"""Judges a filled store as fast as it goes: ``service_run STORE DATA BEGIN UNTIL [faults]``.

It prints a line for each window that was told. With ``faults`` the store fails for a while, nodes
flap and lie, the clock jumps, and the disk is full now and then.
"""

import random
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np

from scroogevm.core.samples import ESSENTIAL, Recorded, Rows, Sample
from scroogevm.errors import StoreError
from scroogevm.journal import Journal
from scroogevm.offers.status import Status
from scroogevm.ports import Shape, Store
from scroogevm.service.clock import FastClock
from scroogevm.service.demo import INTERVAL, SCOPE
from scroogevm.service.feed import Pace
from scroogevm.service.gate import Gate
from scroogevm.service.service import Service, Timing
from scroogevm.service.settings import GroupSettings
from scroogevm.stores import open_store

SHAPE = Shape(SCOPE, SCOPE)
TIMING = Timing(settle=5.0, grace=10.0)
STRATEGY = "calibrated:risk=0.05"


class Failing(Store):
    """A store that cannot be read now and then; nodes that flap, or tell absurd numbers."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._rng = random.Random(seed)  # noqa: S311  # when it fails
        self._left = 0
        self.failures = 0

    def write(self, samples: Sequence[Sample]) -> None:
        """Hand them on."""
        self._store.write(samples)

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """Ask, if it can be asked."""
        self._perhaps()
        return self._store.nodes(since, until)

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        """Likewise."""
        self._perhaps()
        found = self._store.read(nodes, since, until, quantities)
        return Recorded(_spoilt(found.nodes, since), _spoilt(found.vms, since))

    def close(self) -> None:
        """Hand it on."""
        self._store.close()

    def _perhaps(self) -> None:
        if not self._left and self._rng.random() < 0.03:
            self._left = self._rng.randrange(1, 6)
        if self._left:
            self._left -= 1
            self.failures += 1
            raise StoreError("cannot be reached: a fault that was asked for", temporary=True)


def _spoilt(rows: Rows, since: float) -> Rows:
    """Of every window, some nodes are silent and some tell absurd numbers: always the same ones."""
    fates = np.array([crc32(f"{owner[0]} {since}".encode()) % 20 for owner in rows.owners])
    fate = fates[rows.owner] if len(rows.owners) else np.empty(0, np.int64)
    values = {
        name: np.where(fate == 0, np.nan, np.where((fate == 1) & ("usage" in name), 1e30, column))
        for name, column in rows.values.items()
    }
    return replace(rows, values=values)


class FullDisk:
    """Fills the file system of a folder, and makes room again.

    Args:
        folder: on a small file system.
    """

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Until nothing more fits."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    def free(self) -> None:
        """Make room."""
        self._ballast.unlink(missing_ok=True)


class JumpingClock(FastClock):
    """A clock that is set back, or stands while the machine is suspended, now and then.

    Now and then the disk is full until it was waited for three times.

    Args:
        begin: its first time.
        seed: of what happens.
        disk: that is filled.
    """

    def __init__(self, begin: float, seed: int, disk: FullDisk) -> None:
        super().__init__(begin, float("inf"))
        self._disk = disk
        self._waits = 0
        self.full = 0
        self._rng = random.Random(seed)  # noqa: S311  # when it jumps
        self.jumps = 0

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait for a time; now and then it is later then, or was earlier for a while."""
        done = super().wait(until, stop)
        if self._rng.random() < 0.05:
            self.jumps += 1
            self._begin += self._rng.choice((-3600.0, -5.0, 40.0, 200.0))
        self._waits -= 1
        if self._waits == 0:
            self._disk.free()
        elif self._waits < 0 and self._rng.random() < 0.01:
            self.full += 1
            self._waits = 4
            self._disk.fill()
        return done


def main(store: str, data: Path, time: tuple[float, float], *, faults: bool) -> None:
    """Judge all windows that begin and end in a time."""
    begin, until = time
    plans = [GroupSettings(strategy=STRATEGY, shadows=("greedy",)).plan(0.1)]
    stop = threading.Event()
    with open_store(store) as real, Journal(data / "journal.sqlite") as journal:
        failing = Failing(real, 1)
        disk = FullDisk(data)
        clock = JumpingClock(begin, 2, disk) if faults else FastClock(begin, float("inf"))

        def publish(status: Status, text: str) -> None:
            del text
            bad = [
                name
                for name, node in status.nodes.items()
                if node.inputs.samples == 0
                and any(o.free > 0 and o.state == "ok" for o in node.resources.values())
            ]
            _say(f"told {status.window_end:.0f} {_resident()} {len(bad)}")
            if status.window_end >= until:
                stop.set()

        service = Service(
            plans,
            SHAPE,
            Pace.of(INTERVAL, SCOPE),
            TIMING,
            store=Gate(failing if faults else real),
            journal=journal,
            clock=clock,
            publish=publish,
            hear=lambda _: None,
        )
        service.run(stop)
        if isinstance(clock, JumpingClock):
            sys.stderr.write(f"{failing.failures} {clock.jumps} {clock.full}\n")


def _resident() -> int:
    """KiB of memory now; the peak would be that of whoever started this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    times = float(sys.argv[3]), float(sys.argv[4])
    main(sys.argv[1], Path(sys.argv[2]), times, faults="faults" in sys.argv[5:])
