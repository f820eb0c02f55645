"""The result of a strategy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Memo


@dataclass(frozen=True, eq=False)
class Estimate:
    """The demand of the next window of the same slice.

    Attributes:
        demand: (nodes,), cores or MiB.
        memo: arrays over nodes that the strategy gets back with the next window. They also
            explain the demand (greedy's r, doa's d). Names that begin with ``_`` are not written
            to any output.
        verdict: of a quiescence test on the new window; None if the strategy uses no test.
    """

    demand: Floats
    memo: Memo = field(default_factory=dict)
    verdict: "Verdict | None" = None


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether the new window behaves like the kept ones.

    Every test decides in the same way, so the evidence explains the verdict: a window is
    quiescent if the size of each gap is below its limit. A gap is in the unit of the resource, and
    positive if the new window has more. ``level`` and ``level_limit`` are a gap and its limit.

    Attributes:
        quiescent: (nodes,), the answer.
        evidence: arrays over nodes: gaps and limits by name, and the values that they were made
            from (``rmse_kept``, ``p``), which are only for information.
        judged: (nodes,), whether there is a verdict; None if all nodes have one.
    """

    quiescent: Bools
    evidence: Mapping[str, Floats]
    judged: Bools | None = None

    def only(self, which: Bools) -> "Verdict":
        """The verdict on some of the nodes, (nodes,); the others are not judged."""
        judged = which if self.judged is None else which & self.judged
        evidence = {name: np.where(judged, array, np.nan) for name, array in self.evidence.items()}
        return Verdict(self.quiescent & judged, evidence, judged)

    @classmethod
    def of(cls, gaps: Mapping[str, tuple[Floats, Floats]], **beside: Floats) -> "Verdict":
        """The verdict from gaps with their limits; a gap of NaN is not below any limit.

        >>> one = Verdict.of({"level": (np.array([-2.0, 3.0]), np.array([2.5, 2.5]))})
        >>> one.quiescent.tolist(), list(one.evidence)
        ([True, False], ['level', 'level_limit'])
        """
        below = [abs(gap) < limit for gap, limit in gaps.values()]
        evidence: dict[str, Floats] = {}
        for name, (gap, limit) in gaps.items():
            evidence[name], evidence[f"{name}{LIMIT}"] = gap, limit
        return cls(np.logical_and.reduce(below), {**evidence, **beside})


LIMIT = "_limit"
"""The end of the name of a limit."""
