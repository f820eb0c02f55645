"""All interfaces: what a plug-in must offer, and the data of the loop."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, Self, TypeVar

from scroogevm.core.arrays import Bools, Ints
from scroogevm.core.estimate import Estimate, Verdict
from scroogevm.core.history import History, Pool
from scroogevm.core.samples import ESSENTIAL, Recorded, Sample
from scroogevm.core.window import Occurrence
from scroogevm.registry import Family, Plugin

CPU = "cpu"
MEM = "mem"
RESOURCES = (CPU, MEM)
UNITS: Mapping[str, str] = {CPU: "cores", MEM: "MiB"}
"""The unit that every array of a resource is in."""

STRATEGIES = Family("scroogevm.strategies", "strategy", RESOURCES)
QUIESCENCE = Family("scroogevm.quiescence", "quiescence test", RESOURCES)
DIALECTS = Family("scroogevm.telemetry.dialects", "dialect")
STORES = Family("scroogevm.stores", "store")
EXECUTORS = Family("scroogevm.executors", "engine")


Role = Literal["recommended", "candidate", "baseline", "bound"]
"""How pages show a strategy: the recommended one is first, baselines are named beside it, and
bounds look ahead."""

Summary = Mapping[str, Ints]
"""What a strategy reports about some nodes: whole numbers that are summed over nodes and chunks."""


class Strategy(Plugin, ABC):
    """Estimates the demand of the next window. One file in ``strategies/``, without state.

    It does not know which resource it works on.

    Attributes:
        role: how pages show it.
        looks_ahead: whether it reads ``history.future``, so that it can only be replayed.
        pools: whether it learns from all nodes together, by ``summarise`` and ``pool``.
        explains: whether it gives the reason of a demand in words.
        on_request: whether a replay of all strategies leaves it out, because it takes long or
            needs an extra.
    """

    role: ClassVar[Role] = "candidate"
    looks_ahead: ClassVar[bool] = False
    pools: ClassVar[bool] = False
    explains: ClassVar[bool] = False
    on_request: ClassVar[bool] = False

    @property
    def vm_percentile(self) -> float | None:
        """The lowest percentile of each VM over the kept windows that it reads; None for none.

        Samples of VMs in earlier windows are kept only for strategies that read them.
        """
        return None

    @property
    def lookback(self) -> int:
        """Number of samples of each VM's trail that it reads; 0 for none."""
        return 0

    def foresight(self, samples: int, slices: int) -> int | None:
        """How many windows of ``history.future`` it reads; None for all of them.

        Args:
            samples: in a window.
            slices: in a scope.
        """
        del samples, slices
        return None if self.looks_ahead else 0

    @property
    def stated_risk(self) -> float | None:
        """Share of windows in which usage may exceed its demand; None if it states no risk."""
        return None

    @abstractmethod
    def estimate(self, history: History) -> Estimate:
        """Demand of each node in the next window of this slice."""

    def explain(self, memo: Mapping[str, float], unit: str) -> str:
        """The reason of a demand, in words.

        Args:
            memo: of one node, without names that begin with an underscore.
            unit: of the resource.
        """
        del memo, unit
        return ""

    def summarise(self, history: History) -> Summary:
        """What these nodes add to the pool, before any of them gets its estimate.

        The arrays have fixed shapes. They are whole numbers, because their sums do not depend on
        the order of nodes and chunks.
        """
        del history
        return {}

    def pool(self, before: Pool, summary: Summary) -> Pool:
        """The new pool: what is known of all nodes together.

        Args:
            before: the pool of the previous window of this slice; empty at first.
            summary: the sum over all chunks.
        """
        del summary
        return before


def lowest_vm_percentile(strategies: Iterable[Strategy]) -> float | None:
    """The lowest percentile of VMs that one of the strategies reads; None if none reads any."""
    asked = (strategy.vm_percentile for strategy in strategies)
    return min((p for p in asked if p is not None), default=None)


class QuiescenceTest(Plugin, ABC):
    """Decides whether the new window behaves like the kept ones. One file in ``quiescence/``."""

    @abstractmethod
    def judge(self, history: History) -> Verdict:
        """Compare ``history.new`` with ``history.earlier`` for every node."""


@dataclass(frozen=True)
class Shape:
    """How time is divided into windows.

    Attributes:
        scope: seconds in a scope.
        slice: seconds in a slice; a scope is a whole number of slices.
        history: earlier windows kept beside the new one, so that K = history + 1.
        origin: seconds at which the first window begins, on the clock of the source.
    """

    scope: float
    slice: float
    history: int = 3
    origin: float = 0.0

    @property
    def slices(self) -> int:
        """Slices in a scope."""
        return round(self.scope / self.slice)

    @property
    def kept(self) -> int:
        """K: the number of windows that are joined, including the new one."""
        return self.history + 1


class Remark(NamedTuple):
    """An oddity in the data that does not stop a reader.

    Attributes:
        kind: what it is, in words.
        where: the place where it was seen first.
        number: how often.
    """

    kind: str
    where: str
    number: int


class Chunk(Protocol):
    """Some nodes with all their windows: the unit of memory, of parallelism, of distribution."""

    @property
    def shape(self) -> Shape:
        """How the windows were cut."""

    @property
    def nodes(self) -> Sequence[str]:
        """Names of the nodes."""

    @property
    def windows(self) -> int:
        """How many closed slices it has."""

    @property
    def occurrences(self) -> Iterable[Occurrence]:
        """The closed slices in order of time. They are read once: they may come from a disk."""

    @property
    def remarks(self) -> Sequence[Remark]:
        """Oddities in the chunk; complete after the occurrences were read."""


class Source(Protocol):
    """Where windows come from."""

    def loads(self) -> Iterable[Callable[[], Chunk]]:
        """The functions that read each chunk, in order; another process may run them."""


Estimates = Mapping[str, Mapping[str, Estimate]]
"""Estimates by resource, then by strategy."""


@dataclass(frozen=True, eq=False)
class Step:
    """What the engine returns for one occurrence.

    Attributes:
        occurrence: the windows it judged.
        estimates: by resource, then by strategy.
        measured: by resource, (nodes,): whether there were enough samples for a new estimate.
    """

    occurrence: Occurrence
    estimates: Estimates
    measured: Mapping[str, Bools]


class ChunkSink(Protocol):
    """The part of a sink for one chunk, in the process that judges the chunk."""

    def take(self, step: Step) -> None:
        """Take an occurrence that was judged."""

    def close(self) -> Any:
        """End the chunk; return the content for the sink, which can be pickled."""


class Sink(Protocol):
    """Where estimates go."""

    @property
    def open(self) -> Callable[[Chunk], ChunkSink]:
        """Opens a page for a chunk; it can be pickled."""

    def accept(self, content: Any) -> None:
        """Take the content of the page of the next chunk, in order."""


Result = TypeVar("Result")
Task = Callable[[], Result]
"""A function to run, here or in another process: it can be pickled."""


class Executor(Plugin, ABC):
    """Where tasks are run. One file in ``executors/``.

    Attributes:
        remote: whether tasks may run on other machines, which need absolute paths of files.
    """

    remote: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The text that selects it."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")

    @abstractmethod
    def run(self, tasks: Iterable[Task[Result]]) -> Generator[Result, None, None]:
        """The results in the order of the tasks; closing the iterator stops the running tasks.

        Raises:
            ScroogeError: the process or the machine cannot be reached, or died.
        """


class Store(Plugin, ABC):
    """Where samples are kept. One file in ``stores/``.

    Attributes:
        writable: whether it also takes samples, not only returns the samples of others.
    """

    writable: ClassVar[bool] = True

    @abstractmethod
    def write(self, samples: Sequence[Sample]) -> None:
        """Write samples; after it returns they survive a crash.

        A sample with the same node and time is kept once, so a caller may write again.

        Raises:
            StoreError: some or all samples were not kept; ``temporary`` says whether to try again.
        """

    @abstractmethod
    def nodes(self, since: float, until: float) -> Sequence[str]:
        """Names of the nodes with a sample in ``since <= time < until``, sorted."""

    @abstractmethod
    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        """The samples of some nodes in ``since <= time < until``.

        Args:
            nodes: names; an unknown one has no rows.
            since: seconds since 1970.
            until: likewise.
            quantities: which ones to return, of nodes and of VMs.

        Raises:
            StoreError: the store cannot be reached, or gives an invalid answer.
        """

    @abstractmethod
    def close(self) -> None:
        """Close all that is open; the samples stay."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
