"""Rules of the operator: which nodes are written, how far and how fast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from scroogevm.errors import MisuseError
from scroogevm.openstack.ratio import RatioBounds
from scroogevm.openstack.records import RESOURCE_OF

Policy = Literal["close", "keep", "start"]
"""What becomes of a ratio without an offer: nothing more is promised, it stays, the start's."""


@dataclass(frozen=True)
class Rules:
    """What an operator allows.

    Attributes:
        kinds: classes whose ratio is written.
        bounds: what a ratio may be, by class.
        nodes: patterns of nodes that are written; all where there is none.
        names: name or uuid of the provider of a node.
        dead_band: share of a ratio; a smaller rise is not written.
        step: most that a ratio rises at once.
        share: share of the nodes that is written for one window.
        rate: writes a minute.
        canary: patterns of nodes that go first.
        canary_windows: windows that they have to be good before others are written.
        canary_violations: share of windows in which they may fall short.
        withdrawn: where the telemetry of a node is lost.
        stopped: where offers have expired, or the service ends.
        skew: seconds that clocks may be apart.
    """

    kinds: Sequence[str] = tuple(RESOURCE_OF)
    bounds: Mapping[str, RatioBounds] = field(
        default_factory=lambda: {"VCPU": RatioBounds(high=4.0), "MEMORY_MB": RatioBounds(high=1.5)}
    )
    nodes: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    dead_band: float = 0.02
    step: float = 0.5
    share: float = 0.25
    rate: float = 60.0
    canary: Sequence[str] = ()
    canary_windows: int = 4
    canary_violations: float = 0.02
    withdrawn: Policy = "close"
    stopped: Policy = "keep"
    skew: float = 60.0

    def __post_init__(self) -> None:
        """Reject invalid values; report all problems together.

        Raises:
            MisuseError: something does not.
        """
        problems = [
            f"{name} {value:g} is not from {low:g} to {high:g}"
            for name, value, low, high in (
                ("dead-band", self.dead_band, 0, 1),
                ("step", self.step, 0.01, 100),
                ("share", self.share, 0, 1),
                ("rate", self.rate, 0.1, 1e5),
                ("canary-windows", self.canary_windows, 0, 1e5),
                ("canary-violations", self.canary_violations, 0, 1),
                ("skew", self.skew, 1, 3600),
            )
            if not low <= value <= high
        ]
        problems += [
            f"class {kind} cannot be oversold, only {', '.join(RESOURCE_OF)}"
            for kind in self.kinds
            if kind not in RESOURCE_OF
        ]
        for kind, bound in self.bounds.items():
            if not 0 <= bound.low <= bound.high <= 100:
                problems.append(f"{kind}: ratios from {bound.low:g} to {bound.high:g}")
            if any(round(value, 4) != value for value in (bound.low, bound.high)):
                problems.append(f"{kind}: a ratio of more than four decimals")
            if bound.headroom < 0:
                problems.append(f"{kind}: headroom {bound.headroom}")
        if problems:
            raise MisuseError("; ".join(problems), where="placement")

    def asked(self, node: str) -> bool:
        """Whether a node is to be written."""
        return not self.nodes or _any(node, self.nodes)

    def is_canary(self, node: str) -> bool:
        """Whether a node goes first."""
        return _any(node, self.canary)


def _any(node: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(node, pattern) for pattern in patterns)
