"""The collector's own metrics."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector

from scroogevm import __version__
from scroogevm.collect.failure import REASONS
from scroogevm.collect.node import Round


@dataclass
class Figures:
    """Everything that is counted.

    Attributes:
        failures: scrapes that failed, by reason.
        oddities: what a meter left out, by why.
        last: when each node last gave a sample, seconds since 1970; None for never.
        oldest: time of the oldest sample that waits for the store.
    """

    scrapes: int = 0
    scrape_seconds: float = 0.0
    body_bytes: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    oddities: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    samples: int = 0
    written: int = 0
    lost: int = 0
    write_failures: int = 0
    write_seconds: float = 0.0
    waiting: int = 0
    buffered: int = 0
    buffered_bytes: int = 0
    oldest: float | None = None
    last: dict[str, float | None] = field(default_factory=dict)

    def count(self, scraped: Round) -> None:
        """Take note of a round."""
        for outcome in scraped.outcomes:
            self.scrapes += 1
            self.scrape_seconds += outcome.seconds
            self.body_bytes += outcome.size
            if outcome.failure is not None:
                self.failures[outcome.failure.reason] += 1
            counts = outcome.counts
            self.lines["used"] += counts.used
            self.lines["unused"] += counts.samples - counts.used
            self.lines["bad"] += counts.bad
        if scraped.sample is not None:
            self.samples += 1
            self.last[scraped.node] = scraped.sample.time


@dataclass(frozen=True)
class SelfMetric:
    """One of our metrics.

    Attributes:
        kind: as Prometheus calls it.
        meaning: one line.
        values: by the value of its label, ``""`` where it has none.
        label: its label, if it has one.
    """

    kind: str
    meaning: str
    values: Callable[[Figures, float], Mapping[str, float]]
    label: str = ""

    def family(self, name: str, figures: Figures, now: float) -> Metric:
        """Its values at a time."""
        kind = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        family = kind(name, self.meaning, labels=[self.label] if self.label else [])
        for label, value in self.values(figures, now).items():
            family.add_metric([label] if self.label else [], value)
        return family


def _one(kind: str, meaning: str, value: Callable[[Figures, float], float | None]) -> SelfMetric:
    def values(figures: Figures, now: float) -> Mapping[str, float]:
        found = value(figures, now)
        return {} if found is None else {"": found}

    return SelfMetric(kind, meaning, values)


def _counted(meaning: str, name: str) -> SelfMetric:
    return _one("counter", meaning, lambda figures, _: getattr(figures, name))


def _ages(figures: Figures, now: float) -> Mapping[str, float]:
    return {node: max(now - at, 0.0) for node, at in figures.last.items() if at is not None}


METRICS: Mapping[str, SelfMetric] = {
    "scrooge_collect_info": SelfMetric(
        "gauge", "Version of the collector", lambda *_: {__version__: 1.0}, "version"
    ),
    "scrooge_collect_scrapes_total": _counted("Scrapes of exporters", "scrapes"),
    "scrooge_collect_scrape_failures_total": SelfMetric(
        "counter",
        "Scrapes that failed, by reason",
        lambda figures, _: {reason: figures.failures[reason] for reason in REASONS},
        "reason",
    ),
    "scrooge_collect_scrape_seconds_total": _counted(
        "Time from the request to the end of the answer", "scrape_seconds"
    ),
    "scrooge_collect_scrapes_skipped_total": _counted(
        "Scrapes that were skipped because the one before was still running", "skipped"
    ),
    "scrooge_collect_body_bytes_total": _counted("Size of the answers, uncompressed", "body_bytes"),
    "scrooge_collect_lines_total": SelfMetric(
        "counter",
        "Lines of answers: used samples, unused samples, and bad lines",
        lambda figures, _: {kind: figures.lines[kind] for kind in ("used", "unused", "bad")},
        "kind",
    ),
    "scrooge_collect_oddities_total": SelfMetric(
        "counter",
        "Readings and values that were left out, by cause",
        lambda figures, _: {
            why: figures.oddities[why] for why in ("repeats", "stale", "clocks", "absurd")
        },
        "why",
    ),
    "scrooge_collect_samples_total": _counted("Samples of nodes", "samples"),
    "scrooge_collect_samples_written_total": _counted(
        "Samples that were written to the store or to the buffer", "written"
    ),
    "scrooge_collect_samples_lost_total": _counted("Samples that were lost", "lost"),
    "scrooge_collect_samples_waiting": _one(
        "gauge", "Samples that wait in memory", lambda figures, _: figures.waiting
    ),
    "scrooge_collect_buffer_samples": _one(
        "gauge", "Samples that wait on disk", lambda figures, _: figures.buffered
    ),
    "scrooge_collect_buffer_bytes": _one(
        "gauge", "Size of the samples that wait on disk", lambda figures, _: figures.buffered_bytes
    ),
    "scrooge_collect_lag_seconds": _one(
        "gauge",
        "Age of the oldest sample that waits for the store",
        lambda figures, now: 0.0 if figures.oldest is None else max(now - figures.oldest, 0.0),
    ),
    "scrooge_collect_write_failures_total": _counted(
        "Writes to the store that failed", "write_failures"
    ),
    "scrooge_collect_write_seconds_total": _counted("Time of writing samples", "write_seconds"),
    "scrooge_collect_nodes": _one(
        "gauge", "Nodes that are scraped", lambda figures, _: len(figures.last)
    ),
    "scrooge_collect_node_sample_age_seconds": SelfMetric(
        "gauge", "Age of the last sample of a node; absent if there is none", _ages, "node"
    ),
}
"""Every metric of the collector's own, in the order in which they are written."""

_PROCESS = ProcessCollector(registry=None)
"""Cpu time, memory and files of the process, as many programs tell them."""


def self_metrics(figures: Figures, now: float | None = None) -> Sequence[Metric]:
    """The metrics at a time, with those of the process.

    >>> [metric.name for metric in self_metrics(Figures())][:2]
    ['scrooge_collect_info', 'scrooge_collect_scrapes']
    """
    now = time.time() if now is None else now
    metrics = [metric.family(name, figures, now) for name, metric in METRICS.items()]
    return [*metrics, *_PROCESS.collect()]
