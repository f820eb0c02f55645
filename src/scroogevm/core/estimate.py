"""What a strategy answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Memo


@dataclass(frozen=True, eq=False)
class Estimate:
    """What to be ready for in the next window of the same slice.

    Attributes:
        demand: (nodes,), cores or MiB.
        memo: the arrays over nodes that the strategy wants back next time, which also explain
            the demand to a reader (greedy's r, doa's d, a quiescence verdict and its evidence).
    """

    demand: Floats
    memo: Memo = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Verdict:
    """Does the new window behave as the kept ones did?

    Attributes:
        quiescent: (nodes,), the answer.
        evidence: named arrays over nodes that decided it, such as the statistic and its limit.
    """

    quiescent: Bools
    evidence: Mapping[str, Floats]
