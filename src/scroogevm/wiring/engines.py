"""Builds engines and strategies from settings."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from scroogevm.config import ReplaySettings
from scroogevm.engine import Engine
from scroogevm.pipeline import Progress
from scroogevm.ports import RESOURCES, STRATEGIES, Executor, Shape, Strategy

Bar = Callable[[int | None], AbstractContextManager[Progress]]
"""Given how many steps there are, shows them being done."""


@dataclass(frozen=True)
class Engines:
    """The engine for a way of cutting time.

    Attributes:
        strategies: by resource, then by the name each is reported under.
        coverage: share of a window's samples a node needs for a new estimate.
    """

    strategies: Mapping[str, Mapping[str, Strategy]]
    coverage: float

    def __call__(self, shape: Shape) -> Engine:
        """The engine for a shape."""
        return Engine(self.strategies, shape.kept, shape.slices, self.coverage, shape.slice)

    @property
    def pools(self) -> bool:
        """Whether a strategy learns from all nodes together."""
        return any(one.pools for family in self.strategies.values() for one in family.values())


def build_strategies(settings: ReplaySettings) -> Mapping[str, Mapping[str, Strategy]]:
    """The strategies of each resource by the name they are reported under."""
    specs = settings.specs()
    return {
        resource: {name: STRATEGIES.build(spec, resource) for name, spec in specs.items()}
        for resource in RESOURCES
    }


def paths_for(paths: Sequence[Path], executor: Executor) -> Sequence[Path]:
    """Paths as the executor can find them."""
    return [path.absolute() for path in paths] if executor.remote else paths
