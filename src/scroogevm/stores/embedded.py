"""The embedded store, the default: a directory, no server."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from scroogevm.core.samples import ESSENTIAL, Recorded, Sample
from scroogevm.ports import Store
from scroogevm.registry import parameter, parameters
from scroogevm.stores._embedded.access import StoreAccess
from scroogevm.stores._embedded.database import FILE
from scroogevm.stores._upkeep import Maintainable, Outline


@dataclass(frozen=True)
class Embedded(Store, Maintainable):
    """A folder with an SQLite file, for one writer and any number of readers at once.

    Numbers are kept as float32, times to the millisecond. What ``write`` has returned of survives
    a crash of the process, and, with ``synced``, of the machine.

    >>> import tempfile
    >>> from scroogevm.core.samples import Sample
    >>> with tempfile.TemporaryDirectory() as folder, Embedded(folder) as store:
    ...     store.write([Sample("n1", 1_700_000_000.0, {"cpu": 64, "cpu_usage": 12.5})])
    ...     store.nodes(0, 2e9), store.read(["n1"], 0, 2e9).nodes.values["cpu_usage"].tolist()
    (['n1'], [12.5])
    """

    formula: ClassVar[str] = "rows, then chunks of five minutes of a node, in SQLite"
    source: ClassVar[str] = "ADR 0008"
    location: str = parameter("", "directory; created by the first write")
    retention: float = parameter(35.0, "days for which samples are kept; 0 for ever", low=0)
    synced: bool = parameter(default=True, meaning="whether a write waits for the disk")
    _access: StoreAccess = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        access = StoreAccess(Path(self.location), synced=self.synced, retention=self.retention)
        object.__setattr__(self, "_access", access)

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickled store is opened again by the other process."""
        return type(self), tuple(getattr(self, item.name) for item in parameters(type(self)))

    def write(self, samples: Sequence[Sample]) -> None:  # noqa: D102  # the port says it
        self._access.write(samples)

    def nodes(self, since: float, until: float) -> Sequence[str]:  # noqa: D102  # likewise
        return self._access.nodes(since, until)

    def read(  # noqa: D102  # likewise
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        return self._access.read(nodes, since, until, quantities)

    def close(self) -> None:  # noqa: D102  # likewise
        self._access.close()

    @property
    def size(self) -> int:  # noqa: D102  # likewise
        return sum(file.stat().st_size for file in Path(self.location).glob(f"{FILE}*"))

    def outlines(self, since: float, until: float) -> Iterator[Outline]:  # noqa: D102  # likewise
        return self._access.outlines(since, until)

    def check(self, *, repair: bool = False) -> Iterator[str]:  # noqa: D102  # likewise
        return self._access.check(repair=repair)

    def prune(self, before: float) -> int:  # noqa: D102  # likewise
        return self._access.prune(before)
