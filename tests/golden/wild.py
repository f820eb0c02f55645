"""Random traces in the predecessor's JSON, with every oddity its own have and some more."""

from dataclasses import dataclass
from typing import Any

import numpy as np

SIZES = ((1, 2048), (2, 4096), (2, 8192), (4, 8192), (8, 16384), (3, 5000))


@dataclass(frozen=True)
class Wild:
    """A trace, and how to replay it.

    Attributes:
        trace: the JSON.
        params: percentiles and aggregation.
        verdicts: of quiescence, by occurrence, then cpu and memory.
    """

    trace: dict[str, Any]
    params: dict[str, Any]
    verdicts: list[list[bool]]


class Maker:
    """Makes traces, the same for the same seed; every third has nothing missing."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.spoilt = 0.0 if seed % 3 == 0 else self.random.choice([0.05, 0.2])
        self.decimals = int(self.random.choice([0, 1, 2, 4, 9]))
        self.uneven = self.chance(0.5)
        self.width = self.below(30) + 1
        self.slices = self.below(4) + 1
        self.history = self.below(6)
        self.occurrences = self.slices * (self.history + 3) + self.below(2 * self.slices)

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def below(self, most: int) -> int:
        return int(self.random.integers(most))

    def usage(self, level: float, most: float) -> list[float]:
        """Samples around a level, never above what there is."""
        width = self.below(40) + 1 if self.uneven else self.width
        noise = self.random.normal(level, self.random.choice([0, 0.02, 0.3]) * level, width)
        return [float(v) for v in np.clip(noise, 0, most).round(self.decimals)]

    def spoil(self, window: dict[str, Any], *, first: bool) -> dict[str, Any]:
        """Lose fields, their ends or single samples; sizes only where they were given before."""
        for name in list(window):
            if not self.chance(self.spoilt) or (first and name in {"cpu", "mem"}):
                continue
            values = window[name]
            match self.below(5):
                case 0:
                    del window[name]
                case 1:
                    window[name] = []
                case 2:
                    window[name] = values[: self.below(len(values) + 1)]
                case 3:
                    window[name] = [None if self.chance(0.4) else v for v in values]
                case 4:
                    window[name] = [None if self.chance(0.97) else v for v in values]
        return window

    def window(self, at: int, size: tuple[float, float], used: dict[str, Any]) -> dict[str, Any]:
        """One object of a node or VM; some are resized while it lasts."""
        width = max(1, *map(len, used.values()))
        times = [at * 1800 + 5 * k for k in range(width)]
        sizes = {name: [whole] * width for name, whole in zip(("cpu", "mem"), size, strict=True)}
        if width > 1 and self.chance(0.1):
            sizes["cpu"][0] += 1
        return {"time": times, **sizes, **used, "sched_busy": used["cpu_usage"]}

    def node(self) -> list[dict[str, Any]]:
        """A node that is resized now and then, up or down; some are idle, some full."""
        raw: list[dict[str, Any]] = []
        cores, memory = self.below(60) + 4, (self.below(60) + 4) * 4096
        load = self.random.choice([0.05, 0.4, 0.7, 0.99])
        for at in range(self.occurrences):
            if self.chance(0.1):
                cores, memory = max(1, int(cores * self.random.choice([0.5, 1.5]))), memory + 1024
            used = {
                "cpu_usage": self.usage(load * cores, cores),
                "mem_usage": self.usage(load * memory, memory),
            }
            raw.append(self.spoil(self.window(at, (cores, memory), used), first=not raw))
            load = float(np.clip(load + self.random.normal(0, 0.1), 0.01, 1.1))
        return raw

    def vm(self) -> list[dict[str, Any]]:
        """A VM that comes, works, leaves, and sometimes is back; some repeat by chance."""
        raw: list[dict[str, Any]] = []
        silent, long = self.chance(0.1), self.random.choice([0.05, 0.2, 0.9])
        here, size = self.chance(0.6), SIZES[self.below(len(SIZES))]
        came = False
        for at in range(self.occurrences):
            if self.chance(long if not here else 0.3 * (1 - long)):
                here = not here
            if here and self.chance(0.05):
                size = SIZES[self.below(len(SIZES))]
            if not here and not came:
                raw.append({})
            elif not here and self.chance(0.05):
                raw.append({})  # it is gone without a trace
            elif not here or (came and self.chance(0.03)):
                raw.append(raw[-1 if self.chance(0.5) else max(-at, -self.slices)])
            else:
                share, memory = self.random.random(), size[1] * self.random.random()
                used = {
                    "cpu_usage": self.usage(share, 1.02),
                    "mem_usage": self.usage(memory, 1.1 * size[1]),
                    "mem_rss": self.usage(memory, size[1]),
                }
                window = self.spoil(self.window(at, size, used), first=not came)
                if silent:
                    window.pop("cpu_usage", None)
                raw.append(window)
                came = True
        return raw

    def make(self) -> Wild:
        """Everything together; a few nodes have no VM at all."""
        config = {
            "node_name": "wild",
            "node_scope": 1800 * self.slices,
            "slice_scope": 1800,
            "number_of_slice": self.slices,
            "historical_occurences": self.history,
        }
        names = [f"vm{number:02}" for number in range(self.below(14))]
        trace = {
            "config": config,
            "epoch": [1800 * (at + 1) for at in range(self.occurrences)],
            "node": {"raw_data": self.node()},
            "vm": {name: {"raw_data": self.vm()} for name in names},
        }
        params = {
            "cpu": int(self.random.choice([90, 1, 50, 95, 99, 100])),
            "mem": int(self.random.choice([90, 1, 50, 80, 100])),
            "aggreg": self.below(7) + 1,
        }
        verdicts = [[self.chance(0.5), self.chance(0.5)] for _ in range(self.occurrences)]
        return Wild(trace, params, verdicts)
