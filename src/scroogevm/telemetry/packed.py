"""Encodes samples as bytes for queues, without rounding."""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.samples import Sample

_LENGTH = struct.Struct("<I")


def pack(samples: Sequence[Sample]) -> bytes:
    """Samples as bytes: names as JSON, then all numbers.

    >>> sample = Sample("n", 1.5, {"cpu": 4.0}, ["v"], {"mem": np.array([512.0])})
    >>> (same,) = unpack(pack([sample]))
    >>> same.node, same.time, same.values, same.vms, same.vm_values["mem"].tolist()
    ('n', 1.5, {'cpu': 4.0}, ['v'], [512.0])
    """
    heads = [
        (one.node, one.time, list(one.values), list(one.vms), list(one.vm_values))
        for one in samples
    ]
    numbers: list[Floats] = []
    for one in samples:
        numbers.append(np.fromiter(one.values.values(), "<f8", len(one.values)))
        numbers += [np.asarray(column, "<f8") for column in one.vm_values.values()]
    head = json.dumps(heads).encode()
    body = b"".join(column.tobytes() for column in numbers)
    return zlib.compress(_LENGTH.pack(len(head)) + head + body, 1)


def unpack(content: bytes) -> Sequence[Sample]:
    """The samples that were packed.

    Raises:
        ValueError: the bytes are not what was packed.
    """
    try:
        plain = zlib.decompress(content)
        end = _LENGTH.size + _LENGTH.unpack_from(plain)[0]
        heads = json.loads(plain[_LENGTH.size : end])
        return list(_samples(heads, np.frombuffer(plain, "<f8", offset=end)))
    except (zlib.error, struct.error, TypeError, IndexError) as error:
        raise ValueError(str(error)) from None


def _samples(heads: Sequence[Any], numbers: Floats) -> Iterator[Sample]:
    place = 0
    for node, time, names, vms, quantities in heads:
        values = dict(zip(names, numbers[place:].tolist(), strict=False))
        place += len(names)
        end = place + len(vms) * len(quantities)
        columns = numbers[place:end].reshape(len(quantities), len(vms))
        place = end
        yield Sample(node, time, values, vms, dict(zip(quantities, columns, strict=True)))
