"""Writes the metrics of a service of this program, with ``prometheus_client``."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry


def exposition(metrics: Iterable[Metric]) -> str:
    """Metrics as Prometheus reads them, in their order.

    >>> from prometheus_client.core import GaugeMetricFamily
    >>> print(exposition([GaugeMetricFamily("ready", "1 if it is", value=1)]), end="")
    # HELP ready 1 if it is
    # TYPE ready gauge
    ready 1.0
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(list(metrics)))
    return generate_latest(registry).decode()


class _Collected(Collector):
    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics
