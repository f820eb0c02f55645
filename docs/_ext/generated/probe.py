"""What the probe says, from the tables that it says it by."""

from collections.abc import Mapping

from generated.markdown import code, table
from scroogevm.probe import vmprobe as predecessor
from scroogevm.probe.capabilities import CAPABILITIES
from scroogevm.telemetry.metrics import DOMAIN, NODE, Metric

_UNITS = ("seconds", "bytes", "hertz")


def node_metrics() -> str:
    """Every metric of the node and of the probe itself."""
    return _metrics(NODE)


def vm_metrics() -> str:
    """Every metric of a VM."""
    return _metrics(DOMAIN)


def capabilities() -> str:
    """What a probe may be unable to see."""
    return table(["name", "without it"], ([code(n), cost] for n, cost in CAPABILITIES.items()))


def vmprobe() -> str:
    """Every name of the predecessor's probe, and what of ours it is made of."""
    starts = {
        "PREFIX_global_": {**predecessor.GLOBAL, **predecessor.PERF},
        "PREFIX_domain_NAME_": {**predecessor.DOMAIN, **predecessor.PERF},
    }
    rows = [
        [code(start + name), " + ".join(_source(*key) for key in part.keys), f"{part.factor:g}"]
        for start, parts in starts.items()
        for name, part in parts.items()
    ]
    return table(["name", "made of", "times"], rows)


def _metrics(metrics: Mapping[str, Metric]) -> str:
    rows = (
        [code(name), metric.kind, _unit(name), _labels(metric), metric.meaning, _feeds(metric)]
        for name, metric in metrics.items()
    )
    return table(["metric", "kind", "unit", "labels", "meaning", "counts towards"], rows)


def _unit(name: str) -> str:
    last = name.removesuffix("_total").rpartition("_")[2]
    return last if last in _UNITS else ""


def _labels(metric: Metric) -> str:
    return ", ".join(map(code, metric.labels))


def _feeds(metric: Metric) -> str:
    by_term: dict[str, list[str]] = {}
    for value, term in metric.terms.items():
        by_term.setdefault(term, []).append(value)
    return "; ".join(
        code(term) + (f" ({', '.join(values)})" if any(values) else "")
        for term, values in by_term.items()
    )


def _source(name: str, label: str) -> str:
    if not name.startswith("scrooge_"):
        return name.replace("_", " ") + (f", {label}" if label else "")
    return code(f"{name}{{{label}}}" if label else name)
