"""What the collector takes and says of itself, from the tables that it does so by."""

from generated.markdown import code, table
from scroogevm.collect.failure import REASONS
from scroogevm.collect.resolve import KEYS
from scroogevm.collect.self_metrics import METRICS


def keys() -> str:
    """What may be said of a target."""
    return table(["key", "meaning"], ([code(name), meaning] for name, meaning in KEYS.items()))


def metrics() -> str:
    """Every metric of the collector."""
    rows = (
        [code(name), metric.kind, code(metric.label) if metric.label else "", metric.meaning]
        for name, metric in METRICS.items()
    )
    return table(["metric", "kind", "label", "meaning"], rows)


def reasons() -> str:
    """Why scrapes fail."""
    return table(["reason", "meaning"], ([code(name), why] for name, why in REASONS.items()))
