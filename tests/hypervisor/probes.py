"""`scroogevm probe` on a node, and what it says: raw, as terms, as samples."""

import re
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from commands import SCROOGEVM
from hypervisor.nodes import Node
from scroogevm.core.samples import Sample
from scroogevm.telemetry.dialect import Dialect
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.reading import Reading
from servers import Server, wait

Terms = Mapping[str, float]


@dataclass
class Probe(Server):
    """The command on a node, as an operator starts it there."""

    program = str(SCROOGEVM)
    ready = "/metrics"

    node: Node
    interval: float = 0.1
    options: Sequence[str] = ()

    @property
    def within(self) -> Sequence[str]:
        return self.node.inside

    def words(self) -> Sequence[str]:
        # It reads anew when somebody comes half an interval after the last one, or later.
        where = ["--listen", self.address, "--interval", str(self.interval)]
        return ["probe", *where, *self.options]

    def scrape(self) -> str:
        """What it reads now: it gives the same reading to all who come at about the same time."""
        now = time.time()
        return str(wait(lambda: self._newer(now), "a new reading"))

    def speaks_of(self, vm: str) -> bool:
        """Whether it sees a VM."""
        return f'domain="{vm}"' in self.scrape()

    def _newer(self, than: float) -> str | None:
        text = httpx.get(f"{self.url}/metrics", timeout=30).raise_for_status().text
        read = re.search(r"^scrooge_probe_time_seconds (\S+)$", text, re.MULTILINE)
        return text if read and float(read[1]) >= than else None


@dataclass
class Said:
    """What an exporter said of a node, understood by a reader that is not ours.

    Attributes:
        node: terms of the node.
        vms: terms of each VM.
        series: every value by name and labels, as text.
    """

    node: Terms
    vms: Mapping[str, Terms]
    series: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, exposition: str, dialect: Dialect) -> "Said":
        """Read an exposition."""
        node: dict[str, float] = defaultdict(float)
        vms: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        series = {}
        for family in text_string_to_metric_families(exposition):
            for one in family.samples:
                labels = ",".join(f'{key}="{one.labels[key]}"' for key in sorted(one.labels))
                series[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
                for place in dialect.places(one.name, one.labels):
                    terms = node if place.vm is None else vms[place.vm]
                    terms[place.term] += 1.0 if place.count else one.value * place.factor
        return cls(dict(node), {vm: dict(terms) for vm, terms in vms.items()}, series)

    def reading(self, node: str) -> Reading:
        """The same for the product."""
        names = sorted(self.vms)
        terms = {term for vm in self.vms.values() for term in vm}
        values = {t: np.array([self.vms[vm].get(t, np.nan) for vm in names]) for t in terms}
        return Reading(node, time.time(), self.node, names, values)


class Watch:
    """Scrapes a probe, and has the product make samples of what it said."""

    def __init__(self, probe: Probe, dialect: Dialect) -> None:
        self._probe = probe
        self._dialect = dialect
        self._meter = Meter(probe.node.name)

    def said(self) -> Said:
        """What it says now."""
        return Said.of(self._probe.scrape(), self._dialect)

    def sample(self) -> Sample:
        """Likewise, rates since the sample before included."""
        sample = self._meter.sample([self.said().reading(self._probe.node.name)])
        assert sample is not None
        return sample


def of_vm(sample: Sample, name: str) -> Terms:
    """Quantities of one VM."""
    place = list(sample.vms).index(name)
    return {quantity: float(values[place]) for quantity, values in sample.vm_values.items()}
