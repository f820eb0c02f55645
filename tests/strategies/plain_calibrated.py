"""``calibrated`` as its definition reads, in loops over nodes and scores: slow and plain.

The fast one must agree with it. It shares no code with it, not even the bins of scores.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

BASES = ("kept", "recent", "vms", "day", "season")
SCALES = ("used", "sold", "vms")
EXPERTS = [(base, scale) for base in BASES for scale in SCALES]
Row = dict[tuple[str, str], float]


def p99(samples: Sequence[float]) -> float:
    present = [x for x in samples if not math.isnan(x)]
    return float(np.percentile(present, 99)) if present else math.nan


def pin(excess: float, risk: float) -> float:
    return (1 - risk) * excess if excess > 0 else -risk * excess


def binned(score: float) -> float:
    """The middle of the score's bin: 128 bins for each doubling from 2**-12 to 2**10."""
    size = abs(score)
    if size < 2**-12:
        return 0.0
    fraction, exponent = math.frexp(min(size, 2**10 * (1 - 2**-20)))
    step = math.floor(fraction * 256)  # 128 to 255
    return math.copysign(math.ldexp((step + 0.5) / 256, exponent), score)


class Plain:
    """A fleet, one resource, one slice in a scope, no aggregation, nodes that stay.

    Args:
        risk: asked.
        kept: K.
        seconds: in a window.
    """

    def __init__(self, risk: float, kept: int = 4, seconds: float = 3600.0) -> None:
        self.risk, self.kept, self.seconds = risk, kept, seconds
        self.level = risk
        self.pool: list[list[dict[tuple[str, str], float]]] = []
        self.peaks: dict[int, dict[int, float]] = {}  # node -> hour -> largest y
        self.windows: list[tuple[np.ndarray, dict[int, list[float]]]] = []
        self.mixtures: list[list[float]] = []
        self.said: dict[int, tuple[Row, Row, Row, float, float, bool]] = {}
        self.losses: dict[int, Row] = {}
        self.t = -1

    def step(
        self,
        usage: np.ndarray,
        capacity: Sequence[float],
        vms: Mapping[int, tuple[int, float, Sequence[float]]],
    ) -> list[float]:
        """The demand of each node after a window; VMs are ``{id: (node, sold, samples)}``."""
        self.t += 1
        before = self.windows[-1][1] if self.windows else {}
        nodes = range(usage.shape[0])
        came = [vm for vm in vms if vm not in before]
        self.windows = [*self.windows, (usage, {vm: list(x) for vm, (_, _, x) in vms.items()})]
        self.windows = self.windows[-self.kept :]
        seen = []
        for node in nodes:
            new = [vms[vm][2] for vm in came if vms[vm][0] == node]
            left = [
                max(0.0, x - sum(float(np.nan_to_num(samples[i])) for samples in new))
                if not math.isnan(x)
                else x
                for i, x in enumerate(usage[node])
            ]
            seen.append(p99(left if new else list(usage[node])))
        self._judge(seen, capacity)
        return [self._demand(node, usage[node], vms, came) for node in nodes]

    def _judge(self, seen: Sequence[float], capacity: Sequence[float]) -> None:
        scores, mixtures, made, short = [], [], 0, 0
        for node, outcome in enumerate(seen):
            if node not in self.said or math.isnan(outcome):
                continue
            base, scale, promise, foreseen, told, ready = self.said[node]
            for expert, value in promise.items():
                old = self.losses.setdefault(node, dict.fromkeys(EXPERTS, 0.0))
                new = pin((outcome - value) / capacity[node], self.risk)
                old[expert] = 0.98 * old[expert] + new
            if not math.isnan(told):
                made += 1
                short += outcome - told > 1e-9 * capacity[node]
            if ready and scale["kept", "sold"] > 0:
                scores.append({e: binned((outcome - base[e]) / scale[e]) for e in EXPERTS})
                if promise:
                    mixtures.append(binned((outcome - foreseen) / scale["kept", "used"]))
        if made:
            moved = self.level + 0.02 * (self.risk - short / made)
            self.level = min(max(moved, self.risk / 5), 0.5, 3 * self.risk)
        self.pool = [*self.pool, scores][-168:]
        self.mixtures = [*self.mixtures, mixtures][-168:]

    def _quantile(self, scores: Sequence[float]) -> float:
        every = sorted(scores)
        rank = math.ceil((1 - self.level) * (len(every) + 1))
        return every[min(len(every), max(1, rank)) - 1]

    def _demand(
        self,
        node: int,
        usage: np.ndarray,
        vms: Mapping[int, tuple[int, float, Sequence[float]]],
        came: Sequence[int],
    ) -> float:
        mine = {vm: vms[vm] for vm in sorted(vms) if vms[vm][0] == node}
        sold = sum(size for _, size, _ in mine.values())
        recent = p99(list(usage))
        kept = p99([x for window, _ in self.windows for x in window[node]])
        whole = len(self.windows) == self.kept
        one_by_one = 0.0
        for vm, (_, size, _) in mine.items():
            old = whole and all(vm in window for _, window in self.windows)
            peak = p99([x for _, window in self.windows for x in window.get(vm, [])])
            one_by_one += size if not old or math.isnan(peak) else peak
        hour = math.floor(self.t * self.seconds / 3600)
        peaks = self.peaks.setdefault(node, {})
        if not math.isnan(recent):
            peaks[hour] = max(peaks.get(hour, recent), recent)
        day = max([kept, *(y for h, y in peaks.items() if hour - 24 < h <= hour)])
        then = math.floor((self.t + 1) * self.seconds / 3600)
        same = [peaks[then - back] for back in (24, 48, 168) if then - back in peaks]
        season = (kept + one_by_one + (max(same) if same else kept)) / 3
        bases = {
            "kept": kept, "recent": recent, "vms": one_by_one, "day": day, "season": season,
        }  # fmt: skip
        used = max(kept, 0.001 * sold)
        scales = {
            "used": math.sqrt(used * sold),
            "sold": sold,
            "vms": math.sqrt(used * max(one_by_one, 0.001 * sold)),
        }
        base = {(b, s): bases[b] for b, s in EXPERTS}
        scale = {(b, s): scales[s] for b, s in EXPERTS}
        full = whole and all(not np.isnan(window[node]).all() for window, _ in self.windows)
        if math.isnan(recent):
            self.said.pop(node, None)
            return sold
        if not full or sum(map(len, self.pool)) < max(50, 1 / self.risk):
            self.said[node] = (base, scale, {}, math.nan, math.nan, full)
            return sold
        promise = {}
        for expert in EXPERTS:
            q = self._quantile([row[expert] for window in self.pool for row in window])
            promise[expert] = min(sold, base[expert] + q * scale[expert])
        own = self.losses.get(node, {})
        every = list(self.losses.values())
        loss = {}
        for expert in EXPERTS:
            mean = sum(row[expert] for row in every) / len(every) if every else 0.0
            loss[expert] = own.get(expert, 0.0) + 0.3 * mean
        least = min(loss.values())
        weight = {e: math.exp(-10 * (loss[e] - least) / max(least, 1e-9)) for e in EXPERTS}
        foreseen = sum(weight[e] * promise[e] for e in EXPERTS) / sum(weight.values())
        known = [score for window in self.mixtures for score in window]
        margin = 0.0
        if len(known) >= max(50, 1 / self.risk):
            margin = self._quantile(known) * scale["kept", "used"]
        extra = sum(
            max(0.0, vms[vm][1] - float(np.nanmax([0.0, *vms[vm][2]])))
            for vm in came
            if vms[vm][0] == node
        )
        told = min(max(foreseen + margin + extra, 0.0), sold)
        self.said[node] = (base, scale, promise, foreseen, told, full)
        return told
