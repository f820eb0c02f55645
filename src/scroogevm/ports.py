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
"""What pages make of a strategy: they lead with the recommended one and name baselines beside it;
bounds look ahead."""

Summary = Mapping[str, Ints]
"""What a strategy tells of some nodes: whole numbers that add up over nodes and chunks."""


class Strategy(Plugin, ABC):
    """Says what to be ready for. One file in ``strategies/``, resource-blind, without state.

    Attributes:
        role: what pages make of it.
        looks_ahead: whether it reads ``history.future``, so that it can only be replayed.
        pools: whether it learns from all nodes together, by ``summarise`` and ``pool``.
        explains: whether it says in words why a demand is what it is.
        on_request: whether a replay of all strategies leaves it out, since it takes long or needs
            an extra.
    """

    role: ClassVar[Role] = "candidate"
    looks_ahead: ClassVar[bool] = False
    pools: ClassVar[bool] = False
    explains: ClassVar[bool] = False
    on_request: ClassVar[bool] = False

    @property
    def vm_percentile(self) -> float | None:
        """The lowest percentile it asks of each VM over the kept windows; None for none.

        Of windows before the new one, samples of VMs are kept for nobody else.
        """
        return None

    @property
    def lookback(self) -> int:
        """Samples of each VM's trail it wants to see; 0 for none."""
        return 0

    def foresight(self, samples: int, slices: int) -> int | None:
        """How many windows of ``history.future`` it reads; None for all there are.

        Args:
            samples: in a window.
            slices: in a scope.
        """
        del samples, slices
        return None if self.looks_ahead else 0

    @property
    def stated_risk(self) -> float | None:
        """Share of windows in which usage may exceed its demand; None where it states none."""
        return None

    @abstractmethod
    def estimate(self, history: History) -> Estimate:
        """Demand of each node in the next window of this slice."""

    def explain(self, memo: Mapping[str, float], unit: str) -> str:
        """Why a demand is what it is, in words.

        Args:
            memo: of one node, without what begins with an underscore.
            unit: of the resource.
        """
        del memo, unit
        return ""

    def summarise(self, history: History) -> Summary:
        """What these nodes tell the pool, before any of them gets its estimate.

        Arrays of fixed shapes. They are whole numbers because sums of those do not depend on the
        order of nodes and chunks.
        """
        del history
        return {}

    def pool(self, before: Pool, summary: Summary) -> Pool:
        """What is known of all nodes together by now.

        Args:
            before: what was returned with the window of this slice before; empty at first.
            summary: the sum over all chunks.
        """
        del summary
        return before


def lowest_vm_percentile(strategies: Iterable[Strategy]) -> float | None:
    """The lowest percentile of VMs that one of them asks for; None where none does."""
    asked = (strategy.vm_percentile for strategy in strategies)
    return min((p for p in asked if p is not None), default=None)


class QuiescenceTest(Plugin, ABC):
    """Says whether the new window behaves as the kept ones did. One file in ``quiescence/``."""

    @abstractmethod
    def judge(self, history: History) -> Verdict:
        """Compare ``history.new`` with ``history.earlier`` for every node."""


@dataclass(frozen=True)
class Shape:
    """How time is cut.

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
        """K: windows that are joined, the new one included."""
        return self.history + 1


class Remark(NamedTuple):
    """An oddity that a reader could live with.

    Attributes:
        kind: what it is, in words.
        where: where it was first seen.
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
        """The closed slices in order of time, walked once: they may come from a disk."""

    @property
    def remarks(self) -> Sequence[Remark]:
        """What was odd about it, complete once the occurrences were walked."""


class Source(Protocol):
    """Where windows come from."""

    def loads(self) -> Iterable[Callable[[], Chunk]]:
        """What reads each chunk, in order; it can be pickled, so that another process may do it."""


Estimates = Mapping[str, Mapping[str, Estimate]]
"""Estimates by resource, then by strategy."""


@dataclass(frozen=True, eq=False)
class Step:
    """What the engine says of one occurrence.

    Attributes:
        occurrence: the windows it judged.
        estimates: by resource, then by strategy.
        measured: by resource, (nodes,): where there were samples enough for a new estimate.
    """

    occurrence: Occurrence
    estimates: Estimates
    measured: Mapping[str, Bools]


class ChunkSink(Protocol):
    """What a sink notes of one chunk, in the process that judges it."""

    def take(self, step: Step) -> None:
        """Note an occurrence that was judged."""

    def close(self) -> Any:
        """The chunk is over: what to hand to the sink, which can be pickled."""


class Sink(Protocol):
    """Where estimates go."""

    @property
    def open(self) -> Callable[[Chunk], ChunkSink]:
        """Opens a page for a chunk; it can be pickled."""

    def accept(self, content: Any) -> None:
        """Take what the page of the next chunk, in order, was closed with."""


Result = TypeVar("Result")
Task = Callable[[], Result]
"""Something to be done, here or elsewhere: it can be pickled."""


class Executor(Plugin, ABC):
    """Where tasks are run. One file in ``executors/``.

    Attributes:
        remote: whether tasks may run on other machines, which see files by absolute paths only.
    """

    remote: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """As it is asked for."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")

    @abstractmethod
    def run(self, tasks: Iterable[Task[Result]]) -> Generator[Result, None, None]:
        """The results in the order of the tasks; whoever closes it ends what is under way.

        Raises:
            ScroogeError: whoever was to do it cannot be reached, or died.
        """


class Store(Plugin, ABC):
    """Where samples stay. One file in ``stores/``.

    Attributes:
        writable: whether it takes samples, and not only gives what others wrote.
    """

    writable: ClassVar[bool] = True

    @abstractmethod
    def write(self, samples: Sequence[Sample]) -> None:
        """Keep samples; once it returns they survive a crash.

        The same node and time once more is kept once, so whoever is not sure may write again.

        Raises:
            StoreError: nothing, or not all, was kept; ``temporary`` says whether to try again.
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
            nodes: names; one that is unknown has no rows.
            since: seconds since 1970.
            until: likewise.
            quantities: which to give, for nodes and VMs where they have such a one.

        Raises:
            StoreError: the store cannot be reached, or answers what it should not.
        """

    @abstractmethod
    def close(self) -> None:
        """Give back what is held open; what was kept stays."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
