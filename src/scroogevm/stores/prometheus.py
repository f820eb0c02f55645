"""The store of Prometheus and compatible servers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from scroogevm.core.samples import Sample
from scroogevm.errors import MisuseError
from scroogevm.stores._scraped.base import ScrapedStore
from scroogevm.stores._scraped.series import RawSeries, matrix


@dataclass(frozen=True)
class Prometheus(ScrapedStore):
    """Prometheus, Thanos, Mimir or the like, at ``http://HOST:9090``; only read.

    It holds the values of exporters. Samples are made from them as in a collector. Raw samples with
    their true times are requested, never values on a grid.
    """

    formula: ClassVar[str] = "series of exporters that some dialect understands"
    source: ClassVar[str] = "https://prometheus.io/docs/prometheus/latest/querying/api/"

    writable: ClassVar[bool] = False

    def write(self, samples: Sequence[Sample]) -> None:
        """Not here.

        Raises:
            MisuseError: always.
        """
        del samples
        raise MisuseError(
            "Prometheus does not accept samples, it scrapes them",
            where=self.location,
            remedy="let it scrape `scroogevm probe`, or write to another store",
        )

    def series(self, chosen: str, first: int, end: int, where: str) -> Sequence[RawSeries]:
        """Raw samples, by an instant query for a range."""
        # The range begins one millisecond earlier, because some servers exclude the begin.
        query, time = f"{chosen}[{end - first}ms]", f"{(end - 1) / 1000:.3f}"
        return self.asked(matrix, "POST", "/api/v1/query", where, query=query, time=time)
