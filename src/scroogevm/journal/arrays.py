"""Encodes arrays as bytes, each with the hash of its content.

Most of what a service remembers is the same from window to window: the kept windows, the names. So
arrays are stored by content, and a commit writes only those that are new.
"""

import json
import zlib
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.arrays import Floats

Array = NDArray[Any]
_SMALL = 512
"""Bytes below which nothing is gained by compressing."""


class PackedArray(NamedTuple):
    """An array that may become bytes.

    Attributes:
        digest: of type, shape and content.
        stored: the array as it is kept, in one piece.
        wanted: the type that it has.
    """

    digest: bytes
    stored: Array
    wanted: str

    @property
    def data(self) -> bytes:
        """A line of JSON that says what it is, then the content.

        Only whole numbers are compressed: samples hardly shrink.
        """
        stored = self.stored
        content = stored.tobytes()
        small = stored.dtype.kind != "f" and len(content) >= _SMALL
        packed = zlib.compress(content, 1) if small else content
        head = [stored.dtype.str, self.wanted, list(stored.shape), small]
        return json.dumps(head).encode() + b"\n" + packed


def pack(array: Array) -> PackedArray:
    """An array ready to become bytes; floats that lose nothing by it are kept in single precision.

    Samples of a trace have single precision, so a window takes half the place.

    Raises:
        ValueError: it holds objects.

    >>> unpack(pack(np.array([[1.5, np.nan]])).data).tolist()
    [[1.5, nan]]
    """
    if array.dtype.hasobject:
        raise ValueError("only arrays of numbers can be kept")
    stored = np.ascontiguousarray(_narrow(array) if array.dtype == np.float64 else array)
    digest = blake2b(digest_size=16)
    digest.update(json.dumps([stored.dtype.str, array.dtype.str, list(array.shape)]).encode())
    digest.update(stored.reshape(-1).view(np.uint8).data)
    return PackedArray(digest.digest(), stored.reshape(array.shape), array.dtype.str)


def unpack(data: bytes) -> Array:
    """The array, the same bits.

    Raises:
        ValueError: these are no such bytes.
    """
    head, _, content = data.partition(b"\n")
    try:
        stored, wanted, shape, compressed = json.loads(head)
        content = zlib.decompress(content) if compressed else content
    except (TypeError, zlib.error) as error:
        raise ValueError(f"is not an array: {error}") from None
    array = np.frombuffer(content, np.dtype(stored)).reshape(shape)
    return array.astype(np.dtype(wanted))  # a copy, which may be written to


def _narrow(array: Floats) -> Array:
    with np.errstate(over="ignore"):
        single = array.astype(np.float32)
    same = np.array_equal(single.astype(np.float64).view(np.int64), array.view(np.int64))
    return single if same else array
