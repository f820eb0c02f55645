"""The dialect of `scroogevm probe`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from scroogevm.registry import parameter
from scroogevm.telemetry import metrics
from scroogevm.telemetry.dialect import Meaning, Table, TableDialect


def _table(declared: Mapping[str, metrics.Metric]) -> Table:
    """What the probe declares of its own metrics."""
    return {
        name: tuple(
            Meaning(term, metric.factor, {metric.labels[0]: (value,)} if value else {})
            for value, term in metric.terms.items()
        )
        for name, metric in declared.items()
        if metric.terms
    }


@dataclass(frozen=True)
class Scroogevm(TableDialect):
    """Our probe: the node and its VMs, from one exporter."""

    formula = "scrooge_*{domain, uuid}"
    source = "this project"

    order: ClassVar[int] = 10
    node: ClassVar[Table] = _table(metrics.NODE)
    vm: ClassVar[Table] = _table(metrics.DOMAIN)

    vm_label: str = parameter("domain", "label that names a VM")
