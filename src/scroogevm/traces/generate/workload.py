"""The parameters of a generated workload, checked before anything is written."""

from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

from scroogevm.errors import MisuseError
from scroogevm.ports import Shape
from scroogevm.traces.generate.mixes import Mix
from scroogevm.traces.generate.scenarios import SCENARIOS, Scenario
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.sizes import MEMORY_PER_CORE


@dataclass(frozen=True)
class Workload:
    """A workload: some nodes of one size and the VMs on them.

    Attributes:
        scenario: how the number of VMs and their usage develop, a name of ``SCENARIOS``.
        nodes: how many nodes.
        vms: VMs on each node, at most at a time.
        cores: capacity of a node.
        memory: capacity of a node, MiB; None for 4 GiB a core.
        windows: slices generated.
        scope: seconds in a scope.
        slice: seconds in a slice; None for one slice a scope.
        interval: seconds between samples.
        history: earlier windows that a replay keeps.
        mix: name of the size mix.
        usage: name of the mix whose usage classes are taken; None for the same.
        seed: the same seed gives the same bytes.

    >>> Workload(windows=2).samples
    720
    """

    scenario: str = "steady"
    nodes: int = 1
    vms: int = 100
    cores: float = 256
    memory: float | None = None
    windows: int = 30
    scope: float = 1800
    slice: float | None = None
    interval: float = 5
    history: int = 3
    mix: str = "azure2017"
    usage: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Reject invalid values.

        Raises:
            MisuseError: an unknown name or a number out of range.
        """
        if self.scenario not in SCENARIOS:
            known = ", ".join(SCENARIOS)
            raise MisuseError(f"unknown scenario {self.scenario!r}", remedy=f"known: {known}")
        for name, least in (("nodes", 1), ("vms", 1), ("windows", 1), ("history", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise MisuseError(f"{name} is {getattr(self, name)}", remedy=f"at least {least}")
        for name in ("cores", "memory", "scope", "slice", "interval"):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and value > 0):
                raise MisuseError(f"{name} is {value:g}", remedy="a number above 0")
        # Cutting time and loading figures find their own faults: now, not half-way.
        _ = self.shape, self.figures

    @cached_property
    def shape(self) -> Shape:
        """How time is cut."""
        options = ReadOptions(scope=self.scope, slice=self.slice)
        recorded = Shape(self.scope, self.scope, self.history)
        return options.shape(recorded, self.interval, "generate")

    @cached_property
    def figures(self) -> Mix:
        """Sizes and usage classes."""
        return Mix.load(self.mix, self.usage)

    @property
    def course(self) -> Scenario:
        """The scenario itself."""
        return SCENARIOS[self.scenario]

    @property
    def capacity(self) -> tuple[float, float]:
        """Cores and MiB of a node."""
        memory = self.cores * MEMORY_PER_CORE if self.memory is None else self.memory
        return float(self.cores), float(memory)

    @property
    def samples(self) -> int:
        """Samples of each node."""
        return self.windows * round(self.shape.slice / self.interval)

    @property
    def manifest(self) -> Manifest:
        """What the trace says of itself."""
        asked: dict[str, Any] = {"scenario": self.scenario, "vms": self.vms, "mix": self.mix}
        asked |= {"usage": self.usage or self.mix, "seed": self.seed}
        return Manifest(
            scope=self.shape.scope,
            slice=self.shape.slice,
            interval=self.interval,
            history=self.history,
            end=self.windows * self.shape.slice,
            source={"generated": asked, "figures": self.figures.source},
        )
