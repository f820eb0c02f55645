"""Writes the values in Prometheus' text format, and as OpenMetrics."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from scroogevm.probe.snapshot import Domain, Snapshot
from scroogevm.telemetry.metrics import DOMAIN, DOMAIN_LABELS, NODE, Metric

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_UNITS = ("seconds", "bytes", "hertz")
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


def render(snapshot: Snapshot, *, openmetrics: bool = False) -> str:
    """Everything that was read, family by family; one without a number is left out."""
    lines = chain(
        _node(snapshot, openmetrics=openmetrics),
        _domains(snapshot.domains, openmetrics=openmetrics),
        ["# EOF"] if openmetrics else [],
    )
    return "".join(f"{line}\n" for line in lines)


def _node(snapshot: Snapshot, *, openmetrics: bool) -> Iterator[str]:
    for name, metric in NODE.items():
        found = [
            _sample(name, dict(zip(metric.labels, [label], strict=False)), value)
            for (key, label), value in snapshot.values.items()
            if key == name
        ]
        yield from _family(name, metric, found, openmetrics=openmetrics)


def _domains(domains: Iterable[Domain], *, openmetrics: bool) -> Iterator[str]:
    found: dict[str, list[str]] = {name: [] for name in DOMAIN}
    for domain in domains:
        own = dict(zip(DOMAIN_LABELS, (domain.name, domain.uuid), strict=True))
        for (name, label), value in domain.values.items():
            if name in found:
                labels = own | dict(zip(DOMAIN[name].labels, [label], strict=False))
                found[name].append(_sample(name, labels, value))
        if domain.openstack:
            name = "scrooge_domain_openstack_info"
            labels = own | dict(zip(DOMAIN[name].labels, domain.openstack, strict=True))
            found[name].append(_sample(name, labels, 1.0))
    for name, metric in DOMAIN.items():
        yield from _family(name, metric, found[name], openmetrics=openmetrics)


def _family(
    name: str, metric: Metric, samples: Iterable[str], *, openmetrics: bool
) -> Iterator[str]:
    samples = list(samples)
    if not samples:
        return
    kind = metric.kind
    if openmetrics:
        name = name.removesuffix("_total" if kind == "counter" else "_info")
    elif kind == "info":
        kind = "gauge"
    yield f"# HELP {name} {metric.meaning}."
    yield f"# TYPE {name} {kind}"
    unit = name.rpartition("_")[2]
    if openmetrics and unit in _UNITS:
        yield f"# UNIT {name} {unit}"
    yield from samples


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inner = ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{inner}}} {number(value)}" if inner else f"{name} {number(value)}"


def escaped(text: str) -> str:
    r"""A label's value as it is written: what is no Unicode is replaced.

    >>> print(escaped('a"b'))
    a\"b
    """
    return text.encode("utf-8", "replace").decode("utf-8").translate(_ESCAPES)


def number(value: float) -> str:
    """A number, without a fraction where it has none.

    >>> number(2.0), number(0.25)
    ('2', '0.25')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
