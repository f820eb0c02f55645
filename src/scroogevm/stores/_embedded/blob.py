"""Encodes numbers as bytes with a checksum."""

import sys
import zlib
from collections.abc import Iterable

import numpy as np

from scroogevm.core.arrays import Singles

_SEAL = 4
_WHOLE = zlib.crc32(bytes(_SEAL))
"""The checksum of anything with its own checksum behind it: one look tells, nothing is cut."""

_CONSTANT = 16
_PLANES = tuple(range(4)) if sys.byteorder == "little" else (3, 2, 1, 0)
"""Where the bytes of a number stand in memory, the least significant first."""


class DamagedError(ValueError):
    """The bytes are not the ones that were written."""


def seal(content: bytes) -> bytes:
    """Put a checksum behind the content."""
    return content + zlib.crc32(content).to_bytes(_SEAL, "little")


def see(blobs: Iterable[bytes]) -> None:
    """See that each blob is as it was sealed.

    Raises:
        DamagedError: one is not.
    """
    if not set(map(zlib.crc32, blobs)) <= {_WHOLE}:
        raise DamagedError("a checksum is wrong")


def unseal(blob: bytes) -> memoryview:
    """The content before the checksum.

    Raises:
        DamagedError: it does not fit.
    """
    see((blob,))
    return memoryview(blob)[:-_SEAL]


def pack_matrix(matrix: Singles) -> bytes:
    """A matrix (vms, times): a column where no row changes, else its bytes by significance.

    Numbers that are near each other share sign, exponent and leading digits: beside each other,
    those bytes pack well. Bytes that do not become half as many are kept as they are, and cost
    nothing to read.
    """
    column = matrix[:, :1]
    same = (matrix == column) | (np.isnan(matrix) & np.isnan(column))
    if same.all():
        return seal(bytes([_CONSTANT]) + np.ascontiguousarray(column, "<f4").tobytes())
    numbers = np.ascontiguousarray(matrix, "<f4").reshape(-1, 1).view(np.uint8)
    planes = [plane.tobytes() for plane in numbers.T]
    small = [2 * len(zlib.compress(plane, 1)) < len(plane) for plane in planes]
    kind = sum(1 << number for number, one in enumerate(small) if one)
    plain = b"".join(plane for plane, one in zip(planes, small, strict=True) if not one)
    rest = b"".join(plane for plane, one in zip(planes, small, strict=True) if one)
    return seal(bytes([kind]) + plain + (zlib.compress(rest, 1) if rest else b""))


def unpack_matrix(blob: bytes, times: int, part: slice, out: Singles) -> None:
    """Some columns of the matrix (vms, times) that was packed.

    Args:
        blob: as packed.
        times: of the whole matrix.
        part: of them that is wanted.
        out: (vms, times of that part), in any array whose rows are contiguous.

    Raises:
        DamagedError: the bytes are damaged, or have another shape.
    """
    content = unseal(blob)
    vms, wanted = out.shape
    size, kind = vms * times, content[0]
    if kind == _CONSTANT:
        if len(content) != 1 + 4 * vms:
            raise DamagedError("a column has another length")
        out[:] = np.frombuffer(content, "<f4", vms, 1).reshape(vms, 1)
        return
    end = 1 + (4 - kind.bit_count()) * size
    try:
        rest = zlib.decompress(content[end:]) if kind else b""
    except zlib.error as error:
        raise DamagedError(str(error)) from None
    if kind >= _CONSTANT or len(rest) != kind.bit_count() * size or len(content) < end:
        raise DamagedError("a matrix has another shape")
    target = out.view(np.uint8).reshape(vms, wanted, 4)
    plain, small = 1, 0
    for number, place in enumerate(_PLANES):
        if kind >> number & 1:
            plane, small = np.frombuffer(rest, np.uint8, size, small), small + size
        else:
            plane, plain = np.frombuffer(content, np.uint8, size, plain), plain + size
        target[:, :, place] = plane.reshape(vms, times)[:, part]
