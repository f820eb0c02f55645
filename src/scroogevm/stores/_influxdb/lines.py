"""Writes samples in InfluxDB's line protocol, with the predecessor's names."""

import math
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote

import numpy as np

from scroogevm.core.samples import NODE, VM, Sample
from scroogevm.stores._server.base import milliseconds

NODES, NODE_TAG = "node", "url"
VMS, VM_TAG = "domain", "domain"
NODE_MARK, VM_MARK = "vm_number", "there"
"""Fields that every point of ours has, so that its presence is known without other values."""

_MARK = "%!"
_UNSAYABLE = re.compile(rf"[\0-\x1f\x7f\ud800-\udfff]|\\(?=[,= \\]|$)|^$|^{_MARK}")
_SPECIAL = re.compile(r"([,= ])")


def lines(sample: Sample, unit: float) -> Iterator[str]:
    """The lines of a sample: one of the node, one of each VM.

    Args:
        sample: whose missing values are left out.
        unit: MiB in one unit of memory.
    """
    time = milliseconds(sample.time)
    node = _tag(sample.node)
    said = _fields({**sample.values, **_commitment(sample)}, NODE, unit)
    fields = ",".join([*said, f"{NODE_MARK}={len(sample.vms)}i"])
    yield f"{NODES},{NODE_TAG}={node} {fields} {time}"
    columns = {name: column.tolist() for name, column in sample.vm_values.items()}
    for i, vm in enumerate(sample.vms):
        said = _fields({name: column[i] for name, column in columns.items()}, VM, unit)
        fields = ",".join([*said, f"{VM_MARK}=1i"])
        yield f"{VMS},{NODE_TAG}={node},{VM_TAG}={_tag(vm)} {fields} {time}"


def tagged(name: str) -> str:
    r"""A name as the value of a tag, before escaping.

    The protocol has no way to say a line's end, or a backslash before a character that it escapes.
    A name with one of these is marked and percent-encoded. Other names do not change.

    >>> tagged("web 1"), tagged("web\n1")
    ('web 1', '%!web%0A1')
    """
    if not _UNSAYABLE.search(name):
        return name
    return _MARK + quote(name, safe=" =,:/[]@", errors="surrogatepass")


def untagged(value: str) -> str:
    r"""The name behind the value of a tag.

    >>> untagged("%!web%0A1")
    'web\n1'
    """
    if not value.startswith(_MARK):
        return value
    return unquote(value.removeprefix(_MARK), errors="surrogatepass")


def scale(quantity: str, unit: float) -> float:
    """The factor from the unit of a field to the unit of the quantity; memory has another unit."""
    known = NODE.get(quantity) or VM[quantity]
    return unit if known.unit.startswith("MiB") else 1.0


def _tag(name: str) -> str:
    return _SPECIAL.sub(r"\\\1", tagged(name))


def _fields(values: Mapping[str, float], known: Mapping[str, object], unit: float) -> list[str]:
    fields = []
    for name, value in values.items():
        if math.isfinite(value):
            number = value / scale(name, unit) if name in known else value
            fields.append(f"{name}={float(number)!r}")
    return fields


def _commitment(sample: Sample) -> Mapping[str, float]:
    """The predecessor's sums over VMs, for dashboards: promised and used, each by capacity."""
    sums = {}
    for resource in ("cpu", "mem"):
        capacity = sample.values.get(resource, math.nan)
        for field, quantity in ((resource, resource), (f"{resource}_d", f"{resource}_usage")):
            column = sample.vm_values.get(quantity)
            if capacity > 0 and column is not None:
                sums[f"oc_{field}"] = float(np.nansum(column)) / capacity
    return sums
