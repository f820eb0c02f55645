"""The strategies the predecessor has, with its verdicts in place of its network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.engine import Engine
from scroogevm.ports import RESOURCES, STRATEGIES, Chunk, QuiescenceTest, Strategy
from scroogevm.strategies.greedy import Greedy

NAMES = {
    "percentile": "percentile",
    "doa": "doa",
    "nsigma": "n-sigma",
    "rclike": "rc-like",
    "borg": "borg",
    "maxpeak": "max-peak",
    "greedy": "greedy",
}
"""Its name of each strategy, and ours."""


@dataclass(frozen=True)
class Forced(QuiescenceTest):
    """Answers with recorded verdicts, by the identity of the window."""

    verdicts: Mapping[int, bool]

    def judge(self, history: History) -> Verdict:
        return Verdict(np.array([self.verdicts[id(history.new)]]), {})


def forced_engine(
    chunk: Chunk, verdicts: Sequence[Sequence[bool]], cpu: float = 90, mem: float = 90
) -> Engine:
    """An engine for one chunk: verdicts by occurrence and resource, and two percentiles."""
    strategies: dict[str, dict[str, Strategy]] = {}
    for place, (resource, p) in enumerate(zip(RESOURCES, (cpu, mem), strict=True)):
        built = {theirs: STRATEGIES.build(ours, resource) for theirs, ours in NAMES.items()}
        built["percentile"] = STRATEGIES.build(f"percentile:p={p}", resource)
        windows = [occurrence.windows[resource] for occurrence in chunk.occurrences]
        said = {id(w): verdict[place] for w, verdict in zip(windows, verdicts, strict=True)}
        built["greedy"] = Greedy(quiescence=Forced(said))
        strategies[resource] = built
    return Engine(strategies, chunk.shape.kept, chunk.shape.slices)
