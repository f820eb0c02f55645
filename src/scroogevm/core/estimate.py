"""The result of a strategy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Memo


@dataclass(frozen=True, eq=False)
class Estimate:
    """What to be ready for in the next window of the same slice.

    Attributes:
        demand: (nodes,), cores or MiB.
        memo: the arrays over nodes that the strategy wants back next time, which also explain
            the demand to a reader (greedy's r, doa's d). Names that begin with ``_`` explain
            nothing and are written nowhere.
        verdict: what a quiescence test said of the new window; None where none was asked.
    """

    demand: Floats
    memo: Memo = field(default_factory=dict)
    verdict: "Verdict | None" = None


@dataclass(frozen=True, eq=False)
class Verdict:
    """Does the new window behave as the kept ones did?

    Every test decides in one way, so that whoever has the evidence has the verdict, and can say it
    in words: quiescent where the size of each gap stays below its limit. A gap is in the unit of
    the resource, positive where the new window has more; ``level`` and ``level_limit`` are one.

    Attributes:
        quiescent: (nodes,), the answer.
        evidence: arrays over nodes: gaps and limits by name, and beside them what they were made
            of (``rmse_kept``, ``p``), which decides nothing by itself.
        judged: (nodes,), where there is a verdict; None for everywhere.
    """

    quiescent: Bools
    evidence: Mapping[str, Floats]
    judged: Bools | None = None

    def only(self, which: Bools) -> "Verdict":
        """The verdict on some of the nodes, (nodes,); of the others nothing is said."""
        judged = which if self.judged is None else which & self.judged
        evidence = {name: np.where(judged, array, np.nan) for name, array in self.evidence.items()}
        return Verdict(self.quiescent & judged, evidence, judged)

    @classmethod
    def of(cls, gaps: Mapping[str, tuple[Floats, Floats]], **beside: Floats) -> "Verdict":
        """The verdict of gaps, each with its limit; a gap that is NaN is not below any limit.

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
"""Ends the name of a gap's limit."""
