"""A node whose guests need what real VMs used: page cache, balloons and the host, step by step."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import Guests, Host, NodeFacts
from scroogevm.core.arrays import Bools, Floats

Sizes = Callable[[NodeFacts], tuple[Floats, Bools]]
"""What a policy makes of a node: MiB of each VM, and which it had to release."""
STEP, WINDOW, WARM = 10.0, 300.0, 7200.0
"""Seconds from one cycle to the next, of a window that is judged, and before any is judged."""
RAMP = 60.0
"""Seconds in which a guest comes from one recorded value to the next."""
RESERVE, RESERVE_LEAST = 0.015, 32.0
"""What a guest cannot see of its own memory, as a share of its maximum, and MiB beside it."""
BASE, BASE_LEAST = 0.05, 128.0
"""What an idle system needs beside what was recorded, likewise."""
FILL = 1800.0
"""Seconds in which page cache would fill all of a guest."""
FREE = 0.01
"""Share of its memory that a guest keeps free of page cache."""
SHRINK = 100.0
"""MiB/s that a balloon takes from a guest; it gives back at once."""
HOST = 0.04
"""What the host itself needs, as a share of its memory."""
MINIMUM = 0.25
"""Below which no policy may go, as a share of the maximum."""
SWAP_TIME = 30.0
"""Seconds in which a guest reads back what it lacks, over and over."""
NOTHING = 0.5
"""MiB that nobody notices."""
RING = 60
"""Samples of the use that a percentile is of, one a minute."""


@dataclass(frozen=True)
class Outcome:
    """What became of a node under a policy, all without the warm-up.

    Attributes:
        given: mean of what the host does not hold of what was promised, as a share of it.
        below: share of the windows of guests in which one had less than it needed.
        lack: mean of what guests lacked, as a share of what was promised.
        over: mean of what the host had too little, as a share of what was promised.
        requests: changes of size for each guest and hour.
    """

    given: float
    below: float
    lack: float
    over: float
    requests: float

    @property
    def harm(self) -> float:
        """What guests and the host lacked together."""
        return self.lack + self.over


class Model:
    """A node whose VMs are as large as they may be, with no page cache yet.

    Args:
        maximum: MiB promised to each VM, (vms,).
        recorded: MiB that each used, (vms, samples), a sample each WINDOW seconds.
        ratio: what was promised for each MiB of the node.
        percentile: of the use over the last hour, that facts call need.
    """

    def __init__(
        self, maximum: Floats, recorded: Floats, ratio: float, percentile: float = 95.0
    ) -> None:
        vms = maximum.size
        self.maximum = maximum
        self.reserve = RESERVE * maximum + RESERVE_LEAST
        base = BASE * maximum + BASE_LEAST
        most = (1 - 2 * FREE) * maximum - self.reserve
        self.needs = np.minimum(recorded + base[:, None], most[:, None])
        self.total = float(maximum.sum()) / ratio
        self.percentile = percentile
        self.size = maximum.copy()
        self.asked = np.full(vms, np.nan)
        self.since, self.calm = np.full(vms, np.inf), np.full(vms, np.inf)
        self.cache, self.rss = np.zeros(vms), np.zeros(vms)
        self.ring: deque[Floats] = deque(maxlen=RING)
        self.need = np.full(vms, np.nan)

    def run(self, sizes: Sizes) -> Outcome:
        """Let a policy have its way for as long as there are records."""
        promised = float(self.maximum.sum())
        given, lack, over, requests = [], [], [], 0
        below = []
        for step in range(int(self.needs.shape[1] * WINDOW / STEP)):
            time = step * STEP
            short = self._live(self._needed(time))
            left = (1 - HOST) * self.total - float(self.rss.sum())
            size, released = sizes(self._facts(short, left, time))
            changed = self._request(size, released)
            if time >= WARM:
                given.append(1 - float(self.rss.sum()) / promised)
                lack.append(float(short.sum()) / promised)
                over.append(max(0.0, -left) / promised)
                below.append(short > NOTHING)
                requests += changed
        windows = np.array(below).reshape(-1, int(WINDOW / STEP), self.maximum.size).any(axis=1)
        return Outcome(
            float(np.mean(given)),
            float(windows.mean()),
            float(np.mean(lack)),
            float(np.mean(over)),
            requests / (len(given) * STEP / 3600 * self.maximum.size),
        )

    def _needed(self, time: float) -> Floats:
        """What guests need: they come from one record to the next in RAMP seconds."""
        at, within = divmod(time, WINDOW)
        now, before = self.needs[:, int(at)], self.needs[:, max(0, int(at) - 1)]
        return np.asarray(before + (now - before) * min(1.0, within / RAMP))

    def _live(self, need: Floats) -> Floats:
        """Balloons move, guests use memory and fill their cache; what each lacks."""
        going = np.where(np.isfinite(self.asked), self.asked, self.size)
        self.size = np.maximum(going, self.size - SHRINK * STEP)
        sees = self.size - self.reserve
        rest = np.maximum(0.0, sees - need - FREE * sees)
        self.cache = np.minimum(self.cache + self.maximum / FILL * STEP, rest)
        touched = np.minimum(need, sees) + self.cache + self.reserve
        self.rss = np.maximum(np.minimum(self.rss, self.size), touched)
        self.sees, self.used = sees, np.minimum(need, sees)
        return np.maximum(0.0, need - sees)

    def _facts(self, short: Floats, left: float, time: float) -> NodeFacts:
        """What a companion is told."""
        vms = self.maximum.size
        if time % 60 == 0:
            self.ring.append(self.used)
            self.need = np.percentile(np.array(self.ring), self.percentile, axis=0)
        over = max(0.0, -left)
        host = Host(
            self.total,
            max(0.0, left),
            some=min(1.0, 10 * over / self.total),
            full=min(1.0, 5 * over / self.total),
            swap_in=over / SWAP_TIME,
        )
        no, yes = np.zeros(vms, np.bool_), np.ones(vms, np.bool_)
        guests = Guests(
            uuid=[str(vm) for vm in range(vms)],
            name=[str(vm) for vm in range(vms)],
            maximum=self.maximum,
            actual=self.size,
            minimum=MINIMUM * self.maximum,
            available=self.sees,
            unused=self.sees - self.used - self.cache,
            usable=self.sees - self.used,
            rss=self.rss,
            need=self.need,
            looked=np.full(vms, time),
            age=np.full(vms, STEP / 2),
            swap_in=short / SWAP_TIME,
            faults=256 * short / SWAP_TIME,
            pressure=np.full(vms, np.nan),
            weight=np.ones(vms),
            up=np.full(vms, time + 86400),
            asked=self.asked,
            since=self.since,
            calm=self.calm,
            ignored=np.zeros(vms, np.int64),
            device=yes,
            period=np.full(vms, STEP / 2),
            running=yes,
            migrating=no,
            locked=no,
            hugepages=no,
            passthrough=no,
            taken=no,
        )
        return NodeFacts("node", host, guests, STEP)

    def _request(self, size: Floats, released: Bools) -> int:
        """Balloons are asked; how many of them."""
        standing = np.where(np.isfinite(self.asked), self.asked, self.maximum)
        changed = np.abs(size - standing) > NOTHING
        self.since = np.where(changed, STEP, self.since + STEP)
        self.calm = np.where(released, STEP, self.calm + STEP)
        asked = np.where(changed, size, standing)
        back = (asked >= self.maximum - NOTHING) & (self.size >= self.maximum - NOTHING)
        self.asked = np.where(back, np.nan, asked)
        return int(np.count_nonzero(changed))
