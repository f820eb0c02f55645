"""Judges a filled store as fast as it goes: ``service_run STORE DATA BEGIN UNTIL [faults]``.

It prints a line for each window that was told. With ``faults`` the store fails, hangs and lies, and
the clock jumps; then it also prints what must never happen.
"""

import random
import resource
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from scroogevm.core.samples import ESSENTIAL, Recorded, Sample
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
    """A store that cannot be read now and then, for a while."""

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
        return self._store.read(nodes, since, until, quantities)

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


class JumpingClock(FastClock):
    """A clock that is set back, or stands while the machine is suspended, now and then."""

    def __init__(self, begin: float, seed: int) -> None:
        super().__init__(begin, float("inf"))
        self._rng = random.Random(seed)  # noqa: S311  # when it jumps
        self.jumps = 0

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait for a time; now and then it is later then, or was earlier for a while."""
        done = super().wait(until, stop)
        if self._rng.random() < 0.05:
            self.jumps += 1
            self._begin += self._rng.choice((-3600.0, -5.0, 40.0, 200.0))
        return done


def main(store: str, data: Path, time: tuple[float, float], *, faults: bool) -> None:
    """Judge all windows that begin and end in a time."""
    begin, until = time
    plans = [GroupSettings(strategy=STRATEGY, shadows=("greedy",)).plan(0.1)]
    stop = threading.Event()
    with open_store(store) as real, Journal(data / "journal.sqlite") as journal:
        failing = Failing(real, 1)
        clock = JumpingClock(begin, 2) if faults else FastClock(begin, float("inf"))

        def publish(status: Status, text: str) -> None:
            del text
            bad = [
                name
                for name, node in status.nodes.items()
                if node.inputs.samples == 0
                and any(o.free > 0 and o.state == "ok" for o in node.resources.values())
            ]
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            _say(f"told {status.window_end:.0f} {peak} {len(bad)}")
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


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    times = float(sys.argv[3]), float(sys.argv[4])
    main(sys.argv[1], Path(sys.argv[2]), times, faults="faults" in sys.argv[5:])
