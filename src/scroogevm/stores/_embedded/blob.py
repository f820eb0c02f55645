"""Numbers as bytes that know whether they are still what was written."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]

_SEAL = struct.Struct("<I")
_CONSTANT, _SHUFFLED = b"c", b"s"


class DamagedError(ValueError):
    """Bytes that are not what was written."""


def seal(content: bytes) -> bytes:
    """Put a checksum before the content."""
    return _SEAL.pack(zlib.crc32(content)) + content


def unseal(blob: bytes) -> memoryview:
    """The content behind the checksum.

    Raises:
        DamagedError: it does not fit.
    """
    content = memoryview(blob)[_SEAL.size :]
    if len(blob) < _SEAL.size or _SEAL.unpack_from(blob)[0] != zlib.crc32(content):
        raise DamagedError("a checksum does not fit")
    return content


def pack_matrix(matrix: Singles) -> bytes:
    """A matrix (vms, times): a column where no row changes, else its bytes by significance.

    Numbers that are near each other share sign, exponent and leading digits: beside each other,
    those bytes pack well, and the rest is not worth trying.
    """
    column = matrix[:, :1]
    same = (matrix == column) | (np.isnan(matrix) & np.isnan(column))
    if same.all():
        return seal(_CONSTANT + np.ascontiguousarray(column, "<f4").tobytes())
    planes = np.ascontiguousarray(matrix, "<f4").reshape(-1, 1).view(np.uint8).T
    return seal(_SHUFFLED + zlib.compress(np.ascontiguousarray(planes).data, 1))


def unpack_matrix(blob: bytes, vms: int, times: int) -> Singles:
    """The matrix (vms, times) that was packed; not to be written to.

    Raises:
        DamagedError: the bytes are not what was written, or not of this shape.
    """
    content = unseal(blob)
    try:
        if content[:1] == _CONSTANT:
            column = np.frombuffer(content, "<f4", offset=1).reshape(vms, 1)
            return np.broadcast_to(column, (vms, times))
        planes = np.frombuffer(zlib.decompress(content[1:]), np.uint8).reshape(4, vms * times)
    except (ValueError, zlib.error) as error:
        raise DamagedError(str(error)) from None
    return np.ascontiguousarray(planes.T).view("<f4").reshape(vms, times)
