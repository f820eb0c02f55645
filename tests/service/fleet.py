"""A fleet of nodes whose samples are a function of time: whoever asks twice hears the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.samples import Sample
from scroogevm.ports import Store

CORES, MIB = 16.0, 65536.0
BEGIN = 1_700_000_000 // 3600 * 3600.0
"""A time at which windows of any usual length begin."""


@dataclass(frozen=True)
class Fleet:
    """Some nodes with VMs that come and go.

    Attributes:
        nodes: number of nodes.
        vms: VMs of each, about.
        interval: seconds between samples.
        silent: times in which a node says nothing, by name.
        blind: times in which a node cannot list its VMs, by name.
        seed: of all that is random.
    """

    nodes: int = 3
    vms: int = 4
    interval: float = 10.0
    silent: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    blind: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    seed: int = 1

    @property
    def names(self) -> Sequence[str]:
        """Names of the nodes."""
        return [f"n{at}" for at in range(1, self.nodes + 1)]

    def samples(self, since: float, until: float) -> Iterator[Sample]:
        """What all nodes say in a time."""
        first = -(-since // self.interval)
        last = -(-until // self.interval)
        for tick in range(int(first), int(last)):
            for at, node in enumerate(self.names):
                time = tick * self.interval + 0.001 * (at % 7)
                if not _within(time, self.silent.get(node, ())):
                    yield self._sample(at, node, tick, time)

    def fill(self, store: Store, since: float, until: float) -> None:
        """Write it all into a store."""
        store.write(list(self.samples(since, until)))

    def _sample(self, at: int, node: str, tick: int, time: float) -> Sample:
        hour = (time - BEGIN) / 3600
        lives = [vm for vm in range(self.vms + 2) if self._lives(at, vm, hour)]
        rng = np.random.default_rng([self.seed, at, tick])
        size = np.array([1.0 + (vm + at) % 4 for vm in lives])
        wave = 0.3 + 0.2 * np.sin(hour + at + np.array(lives, np.float64))
        usage = np.round(size * np.clip(wave + 0.1 * rng.random(len(lives)), 0, 1), 3)
        memory = size * 2048.0
        used = np.round(memory * (0.4 + 0.1 * rng.random(len(lives))), 1)
        values = {
            "cpu": CORES,
            "mem": MIB,
            "cpu_usage": float(usage.sum()) + 0.25,
            "mem_usage": float(used.sum()) + 1024.0,
            "vms": float(len(lives)),
        }
        if _within(time, self.blind.get(node, ())):
            return Sample(node, time, {**values, "vms": np.nan})
        of_vms = {"cpu": size, "mem": memory, "cpu_usage": usage, "mem_usage": used}
        return Sample(node, time, values, [f"vm{vm}" for vm in lives], of_vms)

    def _lives(self, at: int, vm: int, hour: float) -> bool:
        """Most VMs live on; the last two come and go."""
        if vm < self.vms:
            return True
        return int(hour * 2 + vm + at) % 3 != 0


def _within(time: float, spans: Sequence[tuple[float, float]]) -> bool:
    return any(begin <= time - BEGIN < end for begin, end in spans)
